// SPDX-License-Identifier: Apache-2.0
import CCurl

/// A client that shares no code with our server: libcurl, HTTP/1.1 or (through nghttp2) HTTP/2.
public struct CurlClient: Sendable {
    public enum Version: Sendable {
        case http1
        /// By ALPN over TLS; by prior knowledge over plain TCP.
        case http2
    }

    public struct Response: Sendable {
        public let status: Int
        /// Names in lower case, in the order of arrival.
        public let headers: [(name: String, value: String)]
        public let body: [UInt8]
        public let version: Version

        public var text: String { String(decoding: body, as: UTF8.self) }

        /// The first value of that header; the name in lower case.
        public subscript(name: String) -> String? { headers.first { $0.name == name }?.value }
    }

    public var version: Version
    /// Certificates to trust instead of the system's; `nil` trusts the system's.
    public var caPEM: String?
    public var timeout: Duration
    /// `host:port` to connect to, whatever the URL names; the name in certificates stays the URL's.
    public var connectTo: String?

    public init(version: Version = .http1, caPEM: String? = nil, timeout: Duration = .seconds(30)) {
        self.version = version
        self.caPEM = caPEM
        self.timeout = timeout
    }

    /// Sends one request on a connection of its own. Throws where no complete answer came; redirects are answers.
    public func send(
        _ method: String, _ url: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) async throws -> Response {
        try await onThread { try sendBlocking(method, url, headers: headers, body: body) }
    }

    public func get(_ url: String, headers: [(String, String)] = []) async throws -> Response {
        try await send("GET", url, headers: headers)
    }

    public func post(
        _ url: String, body: [UInt8], headers: [(String, String)] = [("Content-Type", "application/json")]
    ) async throws -> Response {
        try await send("POST", url, headers: headers, body: body)
    }

    private func sendBlocking(
        _ method: String, _ url: String, headers: [(String, String)], body: [UInt8]?
    ) throws(CurlFailure) -> Response {
        guard CurlLibrary.isReady, let handle = curl_easy_init() else { throw CurlFailure("cannot start libcurl") }
        defer { curl_easy_cleanup(handle) }

        let isTLS = url.hasPrefix("https:")
        let httpVersion =
            switch version {
            case .http1: CURL_HTTP_VERSION_1_1
            case .http2: isTLS ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
            }
        countersign_curl_set_string(handle, CURLOPT_URL, url)
        // Never through a proxy that the environment names.
        countersign_curl_set_string(handle, CURLOPT_PROXY, "")
        countersign_curl_set_long(handle, CURLOPT_HTTP_VERSION, Int(httpVersion))
        countersign_curl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        countersign_curl_set_long(handle, CURLOPT_TIMEOUT_MS, Int(timeout / .milliseconds(1)))
        if method == "HEAD" { countersign_curl_set_long(handle, CURLOPT_NOBODY, 1) }
        countersign_curl_set_string(handle, CURLOPT_CUSTOMREQUEST, method)

        var list: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(list) }
        // No 100-continue dance unless a test asks for it.
        for (name, value) in [("Expect", "")] + headers {
            list = curl_slist_append(list, value.isEmpty ? "\(name):" : "\(name): \(value)")
        }
        countersign_curl_set_pointer(handle, CURLOPT_HTTPHEADER, list)
        var places: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(places) }
        if let connectTo {
            places = curl_slist_append(nil, "::\(connectTo)")
            countersign_curl_set_pointer(handle, CURLOPT_CONNECT_TO, places)
        }

        let collected = CollectedAnswer()
        let context = Unmanaged.passUnretained(collected).toOpaque()
        countersign_curl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        countersign_curl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        countersign_curl_set_write(handle, receiveBody)
        countersign_curl_set_header(handle, receiveHeader)

        let code = withExtendedLifetime(collected) {
            withCertificates(of: handle) {
                guard let body else { return curl_easy_perform(handle) }
                countersign_curl_set_long(handle, CURLOPT_POSTFIELDSIZE_LARGE, body.count)
                return body.withUnsafeBytes { bytes in
                    // libcurl reads it while it performs, and nil would mean "ask the read callback".
                    var nothing: UInt8 = 0
                    return withUnsafeMutableBytes(of: &nothing) { empty in
                        let start = bytes.baseAddress ?? UnsafeRawPointer(empty.baseAddress)
                        countersign_curl_set_pointer(
                            handle, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: start))
                        return curl_easy_perform(handle)
                    }
                }
            }
        }
        guard code == CURLE_OK else { throw CurlFailure(String(cString: curl_easy_strerror(code))) }

        var status = 0
        var used = 0
        countersign_curl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        countersign_curl_get_long(handle, CURLINFO_HTTP_VERSION, &used)
        return Response(
            status: status, headers: collected.headers, body: collected.body,
            version: used == Int(CURL_HTTP_VERSION_2_0) ? .http2 : .http1)
    }

    private func withCertificates(of handle: UnsafeMutableRawPointer, _ body: () -> CURLcode) -> CURLcode {
        guard let caPEM else { return body() }
        var bytes = Array(caPEM.utf8)
        return bytes.withUnsafeMutableBytes { bytes in
            var blob = curl_blob(data: bytes.baseAddress, len: bytes.count, flags: UInt32(CURL_BLOB_COPY))
            return withUnsafeMutablePointer(to: &blob) { pointer in
                countersign_curl_set_pointer(handle, CURLOPT_CAINFO_BLOB, pointer)
                return body()
            }
        }
    }
}

/// No complete answer; libcurl's own words.
public struct CurlFailure: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

private enum CurlLibrary {
    static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}

/// Filled by libcurl's callbacks, on the one thread that performs.
private final class CollectedAnswer {
    var body: [UInt8] = []
    var headers: [(name: String, value: String)] = []

    func line(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        // Each answer begins anew: a 100 comes before the one that counts.
        if text.hasPrefix("HTTP/") { headers = [] }
        guard let colon = text.firstIndex(of: ":") else { return }
        let value = text[text.index(after: colon)...].drop { $0 == " " }
        headers.append((text[..<colon].lowercased(), String(value.prefix { !$0.isNewline })))
    }
}

private func received(
    _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> (CollectedAnswer, [UInt8])? {
    guard let data, let context else { return nil }
    let bytes = Array(UnsafeRawBufferPointer(start: data, count: size * count))
    return (Unmanaged<CollectedAnswer>.fromOpaque(context).takeUnretainedValue(), bytes)
}

private func receiveBody(
    _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    if let (answer, bytes) = received(data, size, count, context) { answer.body += bytes }
    return size * count
}

private func receiveHeader(
    _ data: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    if let (answer, bytes) = received(data, size, count, context) { answer.line(bytes) }
    return size * count
}
