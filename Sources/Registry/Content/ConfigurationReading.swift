// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import JSON
import OCI
import Policy

/// Reads the configuration of an image, or of every image that an index lists.
///
/// What the registry answers is an answer: something named and not there, too large, or no configuration means that the
/// image has none, which denies. What it fails to answer is an outage, and so are bytes without their digest.
///
/// Entries of an index for the platform `unknown/unknown` are no images: builders put what they attest about the others
/// there, one for each. No runtime picks one, since none has that platform. Policies have always seen them, so they are
/// read like the rest; but where one is not there or has another kind of configuration, the index's own words stand in
/// for it and the image is judged by what can run. Leaving it out instead would let a policy pass over all platforms
/// that saw one fewer than there are. An outage of one is still an outage: nobody knows what the policy would have read.
struct ConfigurationReading<Source: ContentReading>: Sendable {
    /// An entry of an index, or the image itself.
    private struct Listed: Hashable, Sendable {
        let digest: Digest
        /// What the index calls it; `nil` for the image itself, of which nobody says anything.
        let mediaType: String?
        /// Whether it is, or lies in, an entry for `unknown/unknown`.
        let isBystander: Bool
    }

    private enum Content: Sendable {
        case configuration(ImageConfiguration)
        case index([Descriptor])
        /// Why there is no configuration, in a sentence.
        case none(String)
    }

    private let source: Source
    private let limits: RegistryLimits
    private let budget: ProofBudget
    private let image: ResolvedImage

    init(_ source: Source, of image: ResolvedImage, limits: RegistryLimits, _ lookup: LookupBytes) {
        self.source = source
        self.image = image
        self.limits = limits
        budget = ProofBudget(limits, lookup)
    }

    /// In the order of the index, the outermost first; each platform once.
    func configurations() async throws(Outage) -> ConfigurationLookup {
        var platforms = PlatformConfigurations()
        var seen: Set<Listed> = []
        var level = [Listed(digest: image.digest, mediaType: nil, isBystander: false)]
        for _ in 0...RegistryLimits.indexDepth {
            for listed in level { seen.insert(listed) }
            guard seen.count <= limits.platforms + 1 else {
                return .none(
                    "\(name(image.digest)) lists more than the \(limits.platforms) manifests whose configurations are read"
                )
            }
            let contents = try await concurrently(level, width: limits.width) {
                (listed) async throws(Outage) -> Content in try await content(listed)
            }
            var next: [Listed] = []
            for (listed, content) in zip(level, contents) {
                switch content {
                case .configuration(let configuration):
                    guard platforms.add(configuration, isBystander: listed.isBystander) else {
                        return .none(
                            "\(name(image.digest)) has two manifests for \(printable(configuration.platform)) with "
                                + "different configurations; list each platform once")
                    }
                case .index(let entries):
                    next += entries.map { entry in
                        Listed(
                            digest: entry.digest, mediaType: MediaType.essence(entry.mediaType),
                            isBystander: listed.isBystander || entry.platform?.isUnknown == true)
                    }
                case .none(let why):
                    guard listed.isBystander else { return .none(why) }
                    if let standIn { platforms.add(standIn, isBystander: true) }
                }
            }
            var new: Set<Listed> = []
            level = next.filter { !seen.contains($0) && new.insert($0).inserted }
            if level.isEmpty {
                return AtLeastOne(platforms.all).map { .found($0) }
                    ?? .none("\(name(image.digest)) is an index that lists nothing")
            }
        }
        return .none(
            "\(name(image.digest)) is an index of indexes deeper than the \(RegistryLimits.indexDepth) that are read")
    }

    private func content(_ listed: Listed) async throws(Outage) -> Content {
        let name = name(listed.digest)
        if let type = listed.mediaType, !MediaType.readable.contains(type) { return .none(unknown(type, name)) }
        let bytes: [UInt8]
        switch try await source.content(
            listed.digest, .manifest, maximumBytes: limits.manifestBytes, budget: budget)
        {
        case .bytes(let read): bytes = read
        case .missing: return .none("failed to get ref \(name): it is not there")
        case .tooLarge:
            return .none("failed to get ref \(name): it is larger than the \(limits.manifestBytes) bytes that are read")
        case .overBudget: return .none("failed to get ref \(name): \(exhaustion)")
        }
        let document: ManifestDocument
        do throws(ManifestError) {
            document = try ManifestDocument(parsing: bytes, contentType: listed.mediaType)
        } catch {
            if case .unsupportedMediaType(let type) = error { return .none(unknown(type, name)) }
            return .none("failed to get ref \(name): \(error)")
        }
        switch document {
        case .index(let index): return .index(index.manifests)
        case .manifest(let manifest): return try await configuration(manifest.config, of: name)
        }
    }

    private func configuration(_ descriptor: Descriptor, of name: String) async throws(Outage) -> Content {
        func none(_ why: String) -> Content { .none("getting ConfigFile for \(name): \(why)") }
        guard RegistryLimits.configurationTypes.contains(MediaType.essence(descriptor.mediaType)) else {
            return none("its config is \(printable(descriptor.mediaType)), which is no image configuration")
        }
        let limit = RegistryLimits.configurationBytes
        guard descriptor.size <= limit else {
            return none("its config is larger than the \(limit) bytes that are read")
        }
        switch try await source.content(descriptor.digest, .blob, maximumBytes: limit, budget: budget) {
        case .bytes(let bytes):
            guard bytes.count == descriptor.size else {
                return none("its config has another size than its descriptor says")
            }
            do throws(ConfigurationFault) {
                return .configuration(try ImageConfiguration(reading: bytes))
            } catch {
                return none("its config \(error)")
            }
        case .missing: return none("its config is named and is not there")
        case .tooLarge: return none("its config is larger than the \(limit) bytes that are read")
        case .overBudget: return none(exhaustion)
        }
    }

    private var exhaustion: String {
        "the image's manifests and configurations are more than the \(limits.lookupBytes) bytes that are read"
    }

    private func name(_ digest: Digest) -> String {
        ImageReference(asWritten: "", repository: image.repository, tag: nil, digest: digest).matchingName
    }

    private func unknown(_ mediaType: String, _ name: String) -> String {
        "unknown mime type for \(name): \(printable(mediaType))"
    }
}

/// What has been read, each platform once.
private struct PlatformConfigurations {
    private var order: [String] = []
    private var byPlatform: [String: (configuration: ImageConfiguration, isBystander: Bool)] = [:]

    var all: [ImageConfiguration] { order.compactMap { byPlatform[$0]?.configuration } }

    /// `false` where two manifests for one platform have different configurations: which of them runs is the runtime's
    /// choice, and a policy that read the other would judge what does not run. A bystander gives way to an image.
    @discardableResult
    mutating func add(_ new: ImageConfiguration, isBystander: Bool) -> Bool {
        guard let known = byPlatform[new.platform] else {
            order.append(new.platform)
            byPlatform[new.platform] = (new, isBystander)
            return true
        }
        if isBystander { return true }
        if known.isBystander {
            byPlatform[new.platform] = (new, false)
            return true
        }
        return known.configuration.document.text == new.document.text
    }
}

/// What an index says about an entry that is no image.
private let standIn = try? ImageConfiguration(reading: Array(#"{"architecture":"unknown","os":"unknown"}"#.utf8))

extension Platform {
    fileprivate var isUnknown: Bool { os == "unknown" && architecture == "unknown" }
}
