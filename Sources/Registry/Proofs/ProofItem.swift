// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Sigstore

/// One thing in a manifest that is, or should be, a proof.
enum ProofItem: Sendable {
    /// It cannot be one, and says why.
    case junk(UnverifiedBundle)
    /// Its bytes are to be read.
    case blob(ContentDescriptor, ProofForm, ProofOrigin)
}

enum ProofForm: Hashable, Sendable {
    case simpleSigning, envelope, bundle

    func content(_ bytes: [UInt8], _ descriptor: ContentDescriptor) -> UnverifiedBundle.Content {
        switch self {
        case .simpleSigning: .simpleSigning(payload: bytes, annotations: CosignAnnotations(descriptor.annotations))
        case .envelope: .envelope(bytes, annotations: CosignAnnotations(descriptor.annotations))
        case .bundle: .bundle(bytes)
        }
    }

    /// The form in which it can be read without being held; `nil` of what nobody makes large.
    var streamed: UnreadProof.Form? {
        switch self {
        case .simpleSigning: nil
        case .envelope: .envelope
        case .bundle: .bundle
        }
    }

    /// What a layer is by its media type, which is a hint like everything else here: what the bytes are is found out when
    /// they are verified.
    init?(_ layer: ContentDescriptor) {
        switch layer.mediaType {
        case ProofMediaType.simpleSigning: self = .simpleSigning
        case ProofMediaType.envelope: self = .envelope
        case let other where other.hasPrefix(ProofMediaType.bundlePrefix): self = .bundle
        default: return nil
        }
    }
}

extension ProofItem {
    static func junk(_ reason: String, _ origin: ProofOrigin) -> ProofItem {
        .junk(UnverifiedBundle(.unreadable(reason), origin: origin))
    }

    /// A layer of that form; a simple-signing layer without the signature's annotation is junk.
    static func layer(_ layer: ContentDescriptor, _ form: ProofForm, _ origin: ProofOrigin) -> ProofItem {
        if form == .simpleSigning, CosignAnnotations(layer.annotations).signature == nil {
            return .junk("the layer has no signature beside its payload", origin)
        }
        return .blob(layer, form, origin)
    }
}

/// `sha256-<hex>.sig` and `sha256-<hex>.att`: each layer is one proof.
enum TaggedProofs {
    static func items(
        _ bytes: [UInt8], _ digest: Digest, _ kind: ProofKind, limits: RegistryLimits
    ) -> [ProofItem] {
        let carrier: ProofOrigin.Carrier = kind == .signature ? .signatureTag : .attestationTag
        let whole = ProofOrigin(carrier: carrier, manifest: digest, blob: digest)
        let reading: ManifestReading
        do throws(ManifestFault) {
            reading = try ManifestReading(bytes, maximumBytes: limits.manifestBytes)
        } catch {
            return [.junk("what lies under the tag cannot be read: \(error)", whole)]
        }
        guard case .layers(let layers) = reading.content else {
            return [.junk("an index lies under the tag, where a manifest is expected", whole)]
        }
        let expected: ProofForm = kind == .signature ? .simpleSigning : .envelope
        var seen: Set<ContentDescriptor> = []
        return layers.compactMap { layer in
            switch layer {
            case .unreadable(let reason): return .junk(reason, whole)
            case .readable(let layer):
                guard seen.insert(layer).inserted else { return nil }
                let origin = ProofOrigin(carrier: carrier, manifest: digest, blob: layer.digest)
                guard ProofForm(layer) == expected else {
                    return .junk("a layer under the tag has a media type that is not that of \(kind)s", origin)
                }
                return .layer(layer, expected, origin)
            }
        }
    }
}

/// A manifest whose subject is the image: a Sigstore bundle, cosign's payloads in referrer form, or neither.
enum ReferrerProofs {
    /// Empty where it is something else: a scan, another image. A bill of materials is told where attestations are asked
    /// for, since whoever attached it may think that it is one.
    static func items(
        _ bytes: [UInt8], _ digest: Digest, of subject: Digest, for kind: ProofKind, limits: RegistryLimits
    ) -> [ProofItem] {
        let whole = ProofOrigin(carrier: .referrer, manifest: digest, blob: digest)
        let reading: ManifestReading
        do throws(ManifestFault) {
            reading = try ManifestReading(bytes, maximumBytes: limits.manifestBytes)
        } catch {
            return [.junk("the referrer cannot be read: \(error)", whole)]
        }
        guard reading.subject == subject else { return [.junk("the referrer's subject is another image", whole)] }
        // An index may refer to an image too; proofs are never carried so.
        guard case .layers(let layers) = reading.content else { return [] }
        var items: [ProofItem] = []
        var hasBundle = false
        var hasJunk = false
        var seen: Set<ContentDescriptor> = []
        for layer in layers {
            guard case .readable(let layer) = layer else {
                if !hasJunk { items.append(.junk("a layer of the referrer cannot be read", whole)) }
                hasJunk = true
                continue
            }
            guard let form = ProofForm(layer) else { continue }
            hasBundle = hasBundle || form == .bundle
            guard seen.insert(layer).inserted else { continue }
            let origin = ProofOrigin(carrier: .referrer, manifest: digest, blob: layer.digest)
            items.append(.layer(layer, form, origin))
        }
        // A bundle is alone in its manifest; which of several would be meant is nobody's to say.
        if hasBundle, layers.count != 1 {
            return [.junk("the referrer holds a Sigstore bundle and is to have one layer, not \(layers.count)", whole)]
        }
        guard items.count <= limits.proofsPerReferrer else {
            return [.junk("the referrer holds more than the \(limits.proofsPerReferrer) proofs that are read", whole)]
        }
        if items.isEmpty, reading.artifactType?.hasPrefix(ProofMediaType.bundlePrefix) == true {
            return [.junk("the referrer says that it is a Sigstore bundle and holds none", whole)]
        }
        if items.isEmpty, kind == .attestation, reading.isBillOfMaterials {
            return [.junk(UnverifiedBundle.unsignedBillOfMaterials, whole)]
        }
        return items
    }
}
