// SPDX-License-Identifier: Apache-2.0
import Glibc
import JSON
import OCI

@testable import Sigstore

/// What the seeds were minted under, read from Fuzz/Minted: whom the verifiers of these drivers believe. The seeds in
/// Fuzz/Seeds are all that was ever signed by them, so nothing else may verify.
enum Minted {
    static let trust: TrustMaterial = {
        do { return try TrustMaterial(trustedRoot: file("Fuzz/Minted/trusted_root.json")) } catch {
            preconditionFailure("\(error)")
        }
    }()

    static let key: VerificationKey = {
        do { return try VerificationKey(pem: text("Fuzz/Minted/key.pem")) } catch { preconditionFailure("\(error)") }
    }()

    static let identity: CertificateIdentity = {
        do {
            return try CertificateIdentity(
                subject: [.exactly("fuzz@example.com")], issuer: [.exactly("https://issuer.example")])
        } catch { preconditionFailure("\(error)") }
    }()

    static let image: Digest = {
        do { return try Digest(text("Fuzz/Minted/image")) } catch { preconditionFailure("\(error)") }
    }()

    /// A time in all certificates.
    static let time: Instant = {
        guard let time = Instant(rfc3339: text("Fuzz/Minted/time")) else { preconditionFailure("no time") }
        return time
    }()

    static let origin = ProofOrigin(carrier: .referrer, manifest: image, blob: image)

    /// Every seed of a target, name first.
    static func seeds(_ target: String) -> [(name: String, bytes: [UInt8])] { folder("Fuzz/Seeds/\(target)") }

    static func folder(_ path: String) -> [(name: String, bytes: [UInt8])] {
        guard let folder = opendir(path) else { preconditionFailure("no folder \(path)") }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.filter { !$0.hasPrefix(".") }.sorted().map { ($0, file("\(path)/\($0)")) }
    }

    static func text(_ path: String) -> String { String(decoding: file(path), as: UTF8.self) }

    static func file(_ path: String) -> [UInt8] {
        guard let stream = fopen(path, "rb") else { preconditionFailure("no file \(path)") }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&part, 1, part.count, stream)
            guard count > 0 else { return bytes }
            bytes += part[..<count]
        }
    }
}

extension JSONValue {
    /// The same value without white space.
    func write(to writer: inout JSONWriter) {
        switch kind {
        case .object:
            writer.object { writer in
                for (name, member, _) in members {
                    writer.name(name)
                    member.write(to: &writer)
                }
            }
        case .array: writer.array { writer in for element in elements { element.write(to: &writer) } }
        case .string: writer.string(string ?? "")
        case .number: writer.raw((numberText ?? "").utf8)
        case .bool: writer.bool(bool ?? false)
        case .null: writer.null()
        }
    }

    var rewritten: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }
}
