// SPDX-License-Identifier: Apache-2.0

/// Material that came with a proof and was ignored because nobody asked for it to be checked.
public enum UncheckedMaterial: String, Hashable, Sendable, CaseIterable, Comparable {
    case certificate
    case transparencyLogEntry = "transparency log entry"
    case timestamp

    public static func < (one: UncheckedMaterial, other: UncheckedMaterial) -> Bool { one.rawValue < other.rawValue }
}

extension VerificationOptions {
    /// What of a proof's material goes unchecked; throws for what is asked for, since nothing here checks it yet.
    ///
    /// Called before anything else is looked at, so that a requirement can never be forgotten on some path.
    func admit(_ present: Set<UncheckedMaterial>) throws(VerificationError) -> Set<UncheckedMaterial> {
        if requiresLogEntry { throw .notYetChecked("a transparency log entry") }
        if requiresTimestamp { throw .notYetChecked("a signed timestamp") }
        return present
    }
}

extension CosignAnnotations {
    var material: Set<UncheckedMaterial> {
        var material: Set<UncheckedMaterial> = []
        if certificate != nil || chain != nil { material.insert(.certificate) }
        if rekorBundle != nil { material.insert(.transparencyLogEntry) }
        if timestamp != nil { material.insert(.timestamp) }
        return material
    }
}

extension SigstoreBundle {
    var extras: Set<UncheckedMaterial> {
        var extras: Set<UncheckedMaterial> = []
        if hasLogEntry { extras.insert(.transparencyLogEntry) }
        if hasTimestamp { extras.insert(.timestamp) }
        return extras
    }

    /// The envelope of a bundle that was signed with a key; a bundle over an artifact's bytes or with a certificate
    /// cannot be a proof about an image under a key.
    func keySignedEnvelope() throws(VerificationError) -> Envelope {
        guard case .envelope(let envelope) = content else { throw .messageSignature }
        guard case .publicKey = material else { throw .certificateWhereKeyRequired }
        return envelope
    }
}
