// SPDX-License-Identifier: Apache-2.0
import Demo
import JSON
import OCI
import TestSupport
import Testing

/// Signatures that skopeo makes while it copies, which are what podman and Pulp hold.
@Suite struct SkopeoTests {
    private static func isAvailable() -> Bool { SkopeoTool.isAvailable() && Workbench.isAvailable() }

    private static func layers(_ bench: Workbench, _ repository: String, _ digest: Digest) async throws -> Int {
        let manifest = try await bench.manifest(repository, "\(digest.tagStem).sig")
        return try JSONDocument(parsing: manifest).root["layers"]?.count ?? 0
    }

    @Test("skopeo's signature alone is admitted under its key and denied under another")
    func alone() async throws {
        guard Self.isAvailable() else { return }
        try await Workbench.running { bench in
            let key = try await bench.cosign.generateKey()
            let image = DemoImage(content: "copied")
            _ = try await bench.push(image, "plain/app")
            let target = "\(bench.host)/signed/app"
            try await SkopeoTool().copy("\(bench.host)/plain/app:v1", to: "\(target):v1", signingWith: key)
            #expect(try await Self.layers(bench, "signed/app", image.digest) == 1)
            let good = try await bench.countersign.verify("\(target)@\(image.digest)", publicKeyPEM: key.publicKeyPEM)
            #expect(good.exitCode == 0, "\(good)")
            let other = try OpenSSLKey(generating: .p256)
            let bad = try await bench.countersign.verify("\(target):v1", publicKeyPEM: other.publicKeyPEM)
            #expect(bad.exitCode == 1, "\(bad)")
            #expect(bad.words.contains("not made by key"), "\(bad)")
        }
    }

    @Test("skopeo's signature behind cosign's: either key admits, a third does not")
    func appended() async throws {
        guard Self.isAvailable() else { return }
        try await Workbench.running { bench in
            let cosigns = try await bench.cosign.generateKey()
            let skopeos = try await bench.cosign.generateKey()
            let image = DemoImage(content: "twice")
            let reference = try await bench.push(image, "team/app")
            try await bench.cosign.sign(reference, with: cosigns, form: .tag)
            // Onto itself: the image is there, and only the signature is added.
            let name = "\(bench.host)/team/app:v1"
            try await SkopeoTool().copy(name, to: name, signingWith: skopeos)
            #expect(try await Self.layers(bench, "team/app", image.digest) == 2)
            for key in [cosigns, skopeos] {
                let answer = try await bench.countersign.verify(reference, publicKeyPEM: key.publicKeyPEM)
                #expect(answer.exitCode == 0, "\(answer)")
            }
            let third = try OpenSSLKey(generating: .p256)
            #expect(try await bench.countersign.verify(reference, publicKeyPEM: third.publicKeyPEM).exitCode == 1)
        }
    }

    @Test("skopeo signs an index and what it lists: each is admitted by its digest")
    func index() async throws {
        guard Self.isAvailable() else { return }
        try await Workbench.running { bench in
            let key = try await bench.cosign.generateKey()
            let other = try OpenSSLKey(generating: .p256)
            let image = DemoImage(index: [
                ("amd64", DemoImage(content: "one")), ("arm64", DemoImage(content: "two", architecture: "arm64")),
            ])
            _ = try await bench.push(image, "plain/multi")
            let target = "\(bench.host)/signed/multi"
            try await SkopeoTool().copy(
                "\(bench.host)/plain/multi:v1", to: "\(target):v1", signingWith: key, all: true)
            for name in ["\(target):v1"] + ([image] + image.children).map({ "\(target)@\($0.digest)" }) {
                let good = try await bench.countersign.verify(name, publicKeyPEM: key.publicKeyPEM)
                #expect(good.exitCode == 0, "\(good)")
                let bad = try await bench.countersign.verify(name, publicKeyPEM: other.publicKeyPEM)
                #expect(bad.exitCode == 1, "\(bad)")
            }
        }
    }
}
