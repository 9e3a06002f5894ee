// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import OCI
import Policy
import TestSupport
import Testing

@testable import Registry

/// Texts of images with configurations.
struct ConfiguredImages: Sendable {
    var script = RegistryScript()

    static func configuration(_ os: String, _ architecture: String, rest: String = "") -> String {
        #"{"os":"\#(os)","architecture":"\#(architecture)"\#(rest),"config":{"User":"65532"}}"#
    }

    /// The manifest of an image with this configuration.
    static func manifest(_ configuration: String, type: String = MediaType.ociConfig, size: Int? = nil) -> String {
        let digest = Digest(of: Array(configuration.utf8))
        return """
            {"schemaVersion":2,"mediaType":"\(MediaType.ociManifest)","config":{"mediaType":"\(type)",\
            "digest":"\(digest)","size":\(size ?? configuration.utf8.count)},"layers":[]}
            """
    }

    static func entry(_ text: String, type: String = MediaType.ociManifest, platform: String? = nil) -> String {
        let parts = (platform ?? "linux/amd64").split(separator: "/")
        return """
            {"mediaType":"\(type)","digest":"\(Digest(of: Array(text.utf8)))","size":\(text.utf8.count),\
            "platform":{"os":"\(parts[0])","architecture":"\(parts[1])"}}
            """
    }

    static func index(_ entries: [String]) -> String {
        #"{"schemaVersion":2,"mediaType":"\#(MediaType.ociIndex)","manifests":[\#(entries.joined(separator: ","))]}"#
    }

    /// Puts the manifest and the configuration there; answers the manifest's text.
    @discardableResult
    mutating func image(_ configuration: String, type: String = MediaType.ociConfig, size: Int? = nil) -> String {
        script.blob(configuration)
        let text = Self.manifest(configuration, type: type, size: size)
        script.manifest(text)
        return text
    }

    @discardableResult
    mutating func index(_ entries: [String]) -> String {
        let text = Self.index(entries)
        script.manifest(text, mediaType: MediaType.ociIndex)
        return text
    }
}

@Suite("Configurations of images") struct ConfigurationsTests {
    private static let amd64 = ConfiguredImages.configuration("linux", "amd64")
    private static let arm = ConfiguredImages.configuration("linux", "arm", rest: #","variant":"v7""#)
    private static let windows = ConfiguredImages.configuration("windows", "amd64", rest: #","os.version":"10.0.1""#)
    private static let attestation = ConfiguredImages.configuration("unknown", "unknown")

    /// By platform, or why there is none.
    private func read(
        _ script: RegistryScript, _ text: String, limits: RegistryLimits = RegistryLimits()
    ) async throws -> Result<[String: String], Reason> {
        let digest = Digest(of: Array(text.utf8))
        return try await withRegistry(limits: limits, retries: 0, { script.answer($0) }) { lookup, _ in
            let reference = ImageReference(asWritten: "x", repository: lookup.repository, tag: nil, digest: digest)
            let image = try #require(ResolvedImage(pinned: reference))
            let found = try await lookup.client.configurations(
                of: image, showing: try await lookup.shown(nil), deadline: lookup.deadline)
            #expect(lookup.client.held.count == 0)
            return found.texts
        }
    }

    private func outage(_ script: RegistryScript, _ text: String) async throws -> Outage.Kind? {
        do {
            _ = try await read(script, text)
            return nil
        } catch let outage as Outage {
            return outage.kind
        }
    }

    private func why(
        _ script: RegistryScript, _ text: String, limits: RegistryLimits = RegistryLimits()
    ) async throws -> String {
        guard case .failure(let reason) = try await read(script, text, limits: limits) else { return "found" }
        return reason.text
    }

    @Test(
        "one image has the configuration that its manifest names, of either kind, under its platform",
        arguments: [
            (amd64, "linux/amd64"), (arm, "linux/arm/v7"), (windows, "windows/amd64:10.0.1"),
            (attestation, "unknown/unknown"),
        ])
    func single(_ configuration: String, _ platform: String) async throws {
        for type in [MediaType.ociConfig, MediaType.dockerConfig] {
            var images = ConfiguredImages()
            let text = images.image(configuration, type: type)
            #expect(try await read(images.script, text) == .success([platform: configuration]))
        }
    }

    @Test("an index has those of all its manifests, through an index in it, and what the builder attests as well")
    func multiple() async throws {
        var images = ConfiguredImages()
        let inner = images.index([ConfiguredImages.entry(images.image(Self.arm), platform: "linux/arm")])
        let text = images.index([
            ConfiguredImages.entry(images.image(Self.amd64)),
            ConfiguredImages.entry(images.image(Self.attestation), platform: "unknown/unknown"),
            ConfiguredImages.entry(inner, type: MediaType.ociIndex), ConfiguredImages.entry(images.image(Self.amd64)),
        ])
        let found = try await read(images.script, text)
        #expect(
            found
                == .success([
                    "linux/amd64": Self.amd64, "linux/arm/v7": Self.arm, "unknown/unknown": Self.attestation,
                ]))
    }

    @Test("an attestation's manifest without a configuration of an image never fails the rest; an image's does")
    func bystanders() async throws {
        let odd: [(RegistryScript, String)] = ["[]", "{}", "missing"].map { configuration in
            var images = ConfiguredImages()
            images.image(Self.amd64)
            let type = configuration == "{}" ? MediaType.ociEmpty : MediaType.ociConfig
            let text = ConfiguredImages.manifest(configuration, type: type)
            if configuration != "missing" { images.image(configuration, type: type) }
            return (images.script, text)
        }
        for (script, text) in odd {
            for (platform, isFound) in [("unknown/unknown", true), ("unknown/amd64", false), ("linux/unknown", false)] {
                var images = ConfiguredImages(script: script)
                let index = images.index([
                    ConfiguredImages.entry(ConfiguredImages.manifest(Self.amd64)),
                    ConfiguredImages.entry(text, platform: platform),
                ])
                let found = try await read(images.script, index)
                let standIn = #"{"architecture":"unknown","os":"unknown"}"#
                if isFound {
                    #expect(found == .success(["linux/amd64": Self.amd64, "unknown/unknown": standIn]))
                } else {
                    guard case .failure = found else {
                        Issue.record("found with \(platform)")
                        continue
                    }
                }
                // What cannot be asked for is another matter.
                images.script["manifests/\(Digest(of: Array(text.utf8)))"] = ScriptedAnswer(500, "")
                #expect(try await outage(images.script, index) == .malfunction)
            }
        }
    }

    @Test("an entry that says it is for no platform cannot hide the configuration of one that runs")
    func hiding() async throws {
        let root = #"{"os":"linux","architecture":"amd64","config":{"User":"0"}}"#
        for order in [[root, Self.amd64], [Self.amd64, root]] {
            var images = ConfiguredImages()
            let text = images.index(
                order.map {
                    ConfiguredImages.entry(images.image($0), platform: $0 == root ? "linux/amd64" : "unknown/unknown")
                })
            #expect(try await read(images.script, text) == .success(["linux/amd64": root]))
            // Two that run leave open which.
            let both = images.index(order.map { ConfiguredImages.entry(images.image($0)) })
            #expect(try await why(images.script, both).contains("two manifests for \"linux/amd64\""))
        }
    }

    @Test("what is named and not there is absent, and what is not answered is an outage, at every step")
    func absentOrOut() async throws {
        var images = ConfiguredImages()
        let child = images.image(Self.amd64)
        let text = images.index([
            ConfiguredImages.entry(child), ConfiguredImages.entry(images.image(Self.arm), platform: "linux/arm"),
        ])
        let steps: [(path: String, words: String)] = [
            ("manifests/\(Digest(of: Array(text.utf8)))", "failed to get ref"),
            ("manifests/\(Digest(of: Array(child.utf8)))", "failed to get ref"),
            ("blobs/\(Digest(of: Array(Self.amd64.utf8)))", "getting ConfigFile for"),
        ]
        for (path, words) in steps {
            var script = images.script
            script[path] = ScriptedAnswer(404, "{}")
            #expect(try await why(script, text).hasPrefix(words), "\(path)")
            for (status, kind) in [(500, Outage.Kind.malfunction), (401, .unauthorized), (429, .rateLimited)] {
                script[path] = ScriptedAnswer(status, "{}")
                #expect(try await outage(script, text) == kind, "\(path)")
            }
            script[path] = ScriptedAnswer(200, "other bytes than these")
            #expect(try await outage(script, text) == .corrupt, "\(path)")
        }
        #expect(try await outage(images.script, text) == nil)
    }

    @Test("one byte flipped in a configuration is an outage, since the registry does not hand out what was named")
    func flipped() async throws {
        var images = ConfiguredImages()
        let text = images.image(Self.amd64)
        images.script["blobs/\(Digest(of: Array(Self.amd64.utf8)))"] = ScriptedAnswer(
            200, Self.amd64.replacing("65532", with: "65533"))
        #expect(try await outage(images.script, text) == .corrupt)
    }

    @Test(
        "bytes that are no configuration of an image are told so",
        arguments: [
            ("[]", "not a JSON object"), ("{}", "\"os\""), (#"{"os":"linux"}"#, "\"architecture\""),
            (#"{"os":1,"architecture":"amd64"}"#, "\"os\""), ("<html>", "not JSON"),
            (#"{"os":"linux","os":"linux","architecture":"amd64"}"#, "not JSON"),
            (#"{"os":"linux","architecture":"amd64","config":[]}"#, "\"config\""),
            (#"{"os":"linux","architecture":"amd64","variant":7}"#, "\"variant\""),
            (
                #"{"os":"linux","architecture":"amd64","config":{"user":"0"}}"#,
                "\"user\", which runtimes take for \"User\""
            ),
            (#"{"os":"linux","architecture":"amd64","config":{"U\#u{17F}er":"0"}}"#, "take for \"User\""),
            (#"{"os":"linux","architecture":"amd64","Config":{"User":"0"}}"#, "take for \"config\""),
        ])
    func unreadable(_ configuration: String, _ words: String) async throws {
        var images = ConfiguredImages()
        let text = images.image(configuration)
        let why = try await why(images.script, text)
        #expect(why.contains(words), "\(why)")
    }

    @Test("an artifact, an unknown kind of manifest, and a claim of another size are told so")
    func otherKinds() async throws {
        var images = ConfiguredImages()
        let chart = images.image(Self.amd64, type: "application/vnd.cncf.helm.config.v1+json")
        #expect(try await why(images.script, chart).contains("is no image configuration"))
        let other = images.image(Self.amd64, size: Self.amd64.utf8.count + 1)
        #expect(try await why(images.script, other).contains("another size"))
        let index = images.index([ConfiguredImages.entry(chart, type: "application/x-other")])
        #expect(try await why(images.script, index).hasPrefix("unknown mime type for"))
        let mistaken = images.index([ConfiguredImages.entry(images.image(Self.amd64), type: MediaType.ociIndex)])
        #expect(try await why(images.script, mistaken).contains("calls itself"))
        let strange = #"{"schemaVersion":2,"mediaType":"application/x-other","layers":[]}"#
        images.script.manifest(strange)
        #expect(try await why(images.script, strange).hasPrefix("unknown mime type for"))
        let empty = images.index([])
        #expect(try await why(images.script, empty).contains("lists nothing"))
    }

    @Test("a configuration and a count of manifests at their limits are read, and one more is not")
    func limits() async throws {
        let room = RegistryLimits.configurationBytes
        let rest = Self.amd64.dropLast()
        func padded(_ bytes: Int) -> String {
            rest + ",\"author\":\"" + String(repeating: "a", count: bytes - rest.utf8.count - 13) + "\"}"
        }
        for (bytes, words) in [(room, "found"), (room + 1, "larger than the \(room) bytes")] {
            var images = ConfiguredImages()
            let text = images.image(padded(bytes))
            #expect(try await why(images.script, text).contains(words))
            // Whatever is claimed.
            let lying = images.image(padded(bytes), size: 100)
            #expect(try await why(images.script, lying).contains("than"))
        }
        var limits = RegistryLimits()
        limits.platforms = 2
        var images = ConfiguredImages()
        let two = [Self.amd64, Self.arm].map { ConfiguredImages.entry(images.image($0)) }
        let fits = images.index(two)
        #expect(try await why(images.script, fits, limits: limits) == "found")
        let over = images.index(two + [ConfiguredImages.entry(images.image(Self.windows))])
        #expect(try await why(images.script, over, limits: limits).contains("more than the 2 manifests"))
        limits.lookupBytes = over.utf8.count + 100
        #expect(
            try await why(images.script, fits, limits: limits).contains("more than the \(limits.lookupBytes) bytes"))
    }

    @Test("indexes in indexes are followed to a depth, and a digest that leads back to itself is refused by its bytes")
    func depth() async throws {
        var images = ConfiguredImages()
        var text = images.index([ConfiguredImages.entry(images.image(Self.amd64))])
        for depth in 1...RegistryLimits.indexDepth {
            #expect(try await why(images.script, text) == "found", "\(depth)")
            text = images.index([ConfiguredImages.entry(text, type: MediaType.ociIndex)])
        }
        #expect(try await why(images.script, text).contains("deeper than"))
        let image = images.image(Self.arm)
        let loop = images.index([ConfiguredImages.entry(image, type: MediaType.ociIndex)])
        images.script["manifests/\(Digest(of: Array(image.utf8)))"] = ScriptedAnswer(200, loop)
        #expect(try await outage(images.script, loop) == .corrupt)
    }

    @Test("a layout on disk is read as a registry is")
    func layout() async throws {
        let folder = try TemporaryDirectory()
        func put(_ text: String) throws -> String {
            try folder.write(text, to: "blobs/sha256/\(Digest(of: Array(text.utf8)).hex)")
            return text
        }
        var entries: [String] = []
        for configuration in [Self.amd64, Self.arm] {
            _ = try put(configuration)
            entries.append(ConfiguredImages.entry(try put(ConfiguredImages.manifest(configuration))))
        }
        let text = try put(ConfiguredImages.index(entries))
        let reference = ImageReference(
            asWritten: "layout", repository: Repository(host: "localhost", path: "layout"), tag: nil,
            digest: Digest(of: Array(text.utf8)))
        let image = try #require(ResolvedImage(pinned: reference))
        let source = LayoutSource(directory: folder.path)
        let found = try await source.configurations(of: image, showing: .none, deadline: .after(.seconds(20)))
        #expect(found.texts == .success(["linux/amd64": Self.amd64, "linux/arm/v7": Self.arm]))
        let blob = "blobs/sha256/\(Digest(of: Array(Self.arm.utf8)).hex)"
        try folder.write(Self.arm.replacing("65532", with: "65533"), to: blob)
        await #expect(throws: Outage.self) {
            _ = try await source.configurations(of: image, showing: .none, deadline: .after(.seconds(20)))
        }
    }
}

/// Why there is no configuration.
private struct Reason: Error, Hashable {
    let text: String
}

extension ConfigurationLookup {
    fileprivate var texts: Result<[String: String], Reason> {
        switch self {
        case .none(let why): .failure(Reason(text: why))
        case .found(let all):
            .success(
                Dictionary(
                    all.all.map { ($0.platform, String(decoding: $0.document.text, as: UTF8.self)) },
                    uniquingKeysWith: { first, _ in first + " and again" }))
        }
    }
}
