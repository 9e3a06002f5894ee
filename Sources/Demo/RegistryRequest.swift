// SPDX-License-Identifier: Apache-2.0

/// One request to a loopback registry, with its body read.
public struct RegistryRequest: Sendable {
    public let method: String
    /// As it stood on the request line.
    public let target: String
    public let path: String
    /// Percent-decoded; of a name that comes twice, the first.
    public let query: [String: String]
    public let authorization: String?
    public let contentType: String?
    public let body: [UInt8]

    public init(
        method: String, target: String, authorization: String? = nil, contentType: String? = nil, body: [UInt8] = []
    ) {
        self.method = method
        self.target = target
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = parts.first.map(String.init) ?? "/"
        var query: [String: String] = [:]
        for pair in parts.dropFirst().first?.split(separator: "&") ?? [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = sides.first.map(decoded), query[name] == nil else { continue }
            query[name] = sides.dropFirst().first.map(decoded) ?? ""
        }
        self.query = query
        self.authorization = authorization
        self.contentType = contentType
        self.body = body
    }
}

/// What a registry answers; `HEAD` leaves the body's bytes out and keeps its length.
public struct RegistryAnswer: Sendable {
    public var status: Int
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]

    public init(_ status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// What a path of the distribution API names.
enum RegistryRoute: Hashable {
    case base
    case token
    case manifest(repository: String, reference: String)
    case blob(repository: String, digest: String)
    case startUpload(repository: String)
    case upload(repository: String, id: String)
    case tags(repository: String)
    case referrers(repository: String, digest: String)

    /// `nil` for a path that the API does not have. A repository's name has slashes of its own, so the path is read
    /// from its end.
    init?(path: String) {
        if path == "/token" {
            self = .token
            return
        }
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        guard parts.first == "v2" else { return nil }
        parts.removeFirst()
        if parts.isEmpty || parts == [""] {
            self = .base
            return
        }
        guard parts.count >= 3 else { return nil }
        let last = parts.removeLast()
        let kind = parts.removeLast()
        if kind == "uploads", parts.last == "blobs" { parts.removeLast() }
        let repository = parts.joined(separator: "/")
        guard !repository.isEmpty, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        switch kind {
        case "manifests": self = .manifest(repository: repository, reference: last)
        case "blobs" where last == "uploads": self = .startUpload(repository: repository)
        case "blobs": self = .blob(repository: repository, digest: last)
        case "uploads":
            self = last.isEmpty ? .startUpload(repository: repository) : .upload(repository: repository, id: last)
        case "tags" where last == "list": self = .tags(repository: repository)
        case "referrers": self = .referrers(repository: repository, digest: last)
        default: return nil
        }
    }

    /// The repository whose pull or push right the path needs.
    var repository: String? {
        switch self {
        case .base, .token: nil
        case .manifest(let repository, _), .blob(let repository, _), .startUpload(let repository),
            .upload(let repository, _), .tags(let repository), .referrers(let repository, _):
            repository
        }
    }
}

/// Undoes `application/x-www-form-urlencoded`; what is no escape stays as it is.
private func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%"), rest.count >= 2,
            let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
        {
            bytes.append(value)
            rest = rest.dropFirst(2)
        } else {
            bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
