// SPDX-License-Identifier: Apache-2.0
import Demo
import OCI
import TestSupport

extension DemoImage {
    /// An image whose configuration runs it as this user; `nil` leaves the member out.
    static func running(as user: String?, architecture: String = "amd64") throws -> DemoImage {
        let layer = Array("layer of \(user ?? "nobody") for \(architecture)".utf8)
        var settings: JSONTree = ["Cmd": ["/hello.txt"]]
        if let user { settings["User"] = .string(user) }
        let configuration: JSONTree = [
            "architecture": .string(architecture), "os": "linux", "config": settings,
            "rootfs": ["type": "layers", "diff_ids": [.string(Digest(of: layer).description)]],
        ]
        func descriptor(_ type: String, _ content: [UInt8]) -> JSONTree {
            [
                "mediaType": .string(type), "size": .integer(Int64(content.count)),
                "digest": .string(Digest(of: content).description),
            ]
        }
        let type = "application/vnd.oci.image.manifest.v1+json"
        let manifest: JSONTree = [
            "schemaVersion": 2, "mediaType": .string(type),
            "config": descriptor("application/vnd.oci.image.config.v1+json", configuration.bytes),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer)],
        ]
        return DemoImage(mediaType: type, manifest: manifest.bytes, blobs: [configuration.bytes, layer])
    }

    /// An index of images for two platforms, of a content of its own.
    static func twoPlatforms(_ text: String) -> DemoImage {
        DemoImage(index: [
            ("amd64", DemoImage(content: "\(text) on amd64")),
            ("arm64", DemoImage(content: "\(text) on arm64", architecture: "arm64")),
        ])
    }
}

/// A server of files over TLS on a loopback port, by OpenSSL; each file is a whole answer of HTTP.
struct FileServer: Sendable {
    /// `127.0.0.1:port`
    let host: String
    /// The certificate authority to trust.
    let authority: String
    private let process: RunningProcess
    private let folder: TemporaryDirectory

    init(_ files: [String: String], _ authority: ServeAuthority) async throws {
        guard let program = Tool.find("openssl") else { throw BenchFailure("there is no openssl") }
        folder = try TemporaryDirectory()
        let pair = try await authority.issue()
        let certificate = try folder.write(pair.certificate, to: "tls.crt")
        let key = try folder.write(pair.key, to: "tls.key")
        self.authority = try folder.write(authority.pem, to: "authority.pem")
        for (name, text) in files {
            try folder.write(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(text.utf8.count)\r\n"
                    + "Connection: close\r\n\r\n\(text)", to: "files/\(name)")
        }
        let port = try freeLoopbackPort()
        host = "127.0.0.1:\(port)"
        process = try RunningProcess(
            Command(
                program, ["s_server", "-accept", host, "-cert", certificate, "-key", key, "-HTTP", "-quiet"],
                directory: folder.path("files")), log: folder.path("log"))
        let client = CurlClient(caPEM: authority.pem, timeout: .seconds(2))
        let address = "https://\(host)/\(files.keys.first ?? "")"
        try await process.waitUntil { () -> Bool? in
            let answer = try? await client.get(address)
            return answer?.status == 200 ? true : nil
        }
    }

    func stop() async { _ = await process.stop() }
}
