// SPDX-License-Identifier: Apache-2.0
import JSON

/// Why a certificate proves nothing about its signer.
public enum CertificateError: Error, Hashable, Sendable {
    /// Not one well-formed certificate of a kind that is accepted.
    case unreadable(String)
    /// Well-formed as far as it was read, and of a kind of key or signature that is not accepted.
    case unsupported(String)

    // The path to a certificate authority.

    /// No proven time to check the path at: a path that is valid at no time is no path.
    case noTime
    /// The authority is not believed at a proven time.
    case authorityOutsidePeriod(authority: String, at: Instant, ValidityPeriod)
    /// The certificate is the authority itself, or issued in its own name.
    case isAuthority
    /// Trust material pins another signer for this authority.
    case notPinnedSigner(authority: String)
    /// No certificate of the authority has the name that this one says issued it.
    case unknownIssuer(authority: String)
    /// A certificate has the issuer's name, and its key did not sign this one.
    case notSignedByIssuer(authority: String)
    /// More certificates came with the proof than may stand in a path.
    case tooManyOffered(Int)
    /// A root among a bundle's certificates: what is to be believed does not come with what is to be proven.
    case rootInBundle
    /// Trust material that names no certificate authority.
    case noAuthority
    /// Looking for a path took more signature checks than any honest one.
    case tooMuchWork
    case outsideValidity(PathPosition, at: Instant, ValidityPeriod)
    case wrongVersion(PathPosition, Int)
    /// An issuer that is not marked as a certificate authority.
    case notAnAuthority(PathPosition)
    /// More authorities follow below an issuer than it allows.
    case pathTooLong(PathPosition, allowed: Int)
    case keyUsage(PathPosition)
    case purpose(PathPosition, KeyPurpose)
    /// A name-constraints extension: what it forbids is not known here, so it forbids everything.
    case nameConstraints(PathPosition)
    /// An extension that must be understood and is not, by its object identifier.
    case unknownCriticalExtension(PathPosition, String)
    /// An extension whose content is not what its definition says, by its name.
    case malformedExtension(PathPosition, String)

    // What the leaf says.

    /// It names nobody.
    case noName
    /// A name that cannot be read, and why.
    case unreadableName(String)
    /// A value that is there and cannot be read.
    case unreadableClaim(FulcioExtension)
    /// Two values that say the same thing by definition, and do not.
    case contradiction(FulcioExtension, FulcioExtension)

    // Certificate transparency.

    case unreadableTimestamps(String)
    /// A log that is believed did not sign this timestamp, or not this certificate's.
    case wrongTimestampSignature(log: String)
    /// Too few logs that are believed have seen the certificate; `outsidePeriod` where one has at a time at which it is
    /// not believed.
    case tooFewLogs(found: Int, required: Int, outsidePeriod: Bool)
}

/// Where in a path a certificate stands.
public enum PathPosition: Hashable, Sendable {
    case leaf
    /// From 0, which issued the leaf.
    case intermediate(Int)
    case root
}

extension CertificateError {
    /// A stable word for reports and metrics.
    public var code: String {
        switch self {
        case .unreadable: "certificate-unreadable"
        case .unsupported: "certificate-unsupported"
        case .noTime: "certificate-no-time"
        case .authorityOutsidePeriod: "authority-outside-period"
        case .isAuthority: "certificate-is-authority"
        case .notPinnedSigner: "certificate-not-pinned"
        case .unknownIssuer: "certificate-unknown-issuer"
        case .notSignedByIssuer: "certificate-not-signed-by-issuer"
        case .tooManyOffered: "certificate-too-many"
        case .rootInBundle: "certificate-root-in-bundle"
        case .noAuthority: "certificate-no-authority"
        case .tooMuchWork: "certificate-too-much-work"
        case .outsideValidity: "certificate-outside-validity"
        case .wrongVersion: "certificate-version"
        case .notAnAuthority: "certificate-issuer-no-authority"
        case .pathTooLong: "certificate-path-too-long"
        case .keyUsage: "certificate-key-usage"
        case .purpose: "certificate-purpose"
        case .nameConstraints: "certificate-name-constraints"
        case .unknownCriticalExtension: "certificate-critical-extension"
        case .malformedExtension: "certificate-malformed-extension"
        case .noName: "certificate-no-name"
        case .unreadableName: "certificate-name"
        case .unreadableClaim: "certificate-claim"
        case .contradiction: "certificate-contradiction"
        case .unreadableTimestamps: "sct-unreadable"
        case .wrongTimestampSignature: "sct-signature"
        case .tooFewLogs: "sct-too-few"
        }
    }
}

extension CertificateError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unreadable(let why): "the certificate cannot be read: \(why)"
        case .unsupported(let why): "the certificate is of a kind that is not accepted: \(why)"
        case .noTime: "nothing proves when the certificate was used"
        case .authorityOutsidePeriod(let name, let instant, let period):
            "the authority \(printable(name)) is believed from \(period), not at \(instant)"
        case .isAuthority: "the certificate is an authority's own and not a signer's"
        case .notPinnedSigner(let name): "the certificate is not the one that \(printable(name)) is known to sign with"
        case .unknownIssuer(let name): "the certificate was not issued by \(printable(name))"
        case .notSignedByIssuer(let name):
            "the certificate names \(printable(name)) as its issuer and is not signed by it"
        case .tooManyOffered(let count):
            "\(count) certificates came with the proof; at most \(CertificateAuthority.maximumOffered) are looked at"
        case .tooMuchWork: "finding the certificate's path to its authority takes too many signature checks"
        case .outsideValidity(let position, let instant, let period):
            "\(position) is valid from \(period), and it was used at \(instant)"
        case .wrongVersion(let position, let version): "\(position) is of version \(version), not 3"
        case .notAnAuthority(let position): "\(position) is not a certificate authority"
        case .pathTooLong(let position, let allowed):
            "\(position) allows \(allowed) authorities below it, and there are more"
        case .keyUsage(let position): "the key usage of \(position) does not allow what its key was used for"
        case .purpose(let position, let purpose): "\(position) is not for \(purpose)"
        case .nameConstraints(let position):
            "\(position) has name constraints, which are not supported; use an authority without them"
        case .unknownCriticalExtension(let position, let name):
            "\(position) has the critical extension \(name), which is not understood"
        case .malformedExtension(let position, let name): "the extension \(name) of \(position) is malformed"
        case .rootInBundle: "the bundle holds a root certificate, which must not come with a proof"
        case .noAuthority: "no certificate authority is trusted"
        case .noName: "the certificate names no signer"
        case .unreadableName(let why): "the name in the certificate cannot be read: \(why)"
        case .unreadableClaim(let claim): "the certificate's \(claim) cannot be read"
        case .contradiction(let one, let other): "the certificate's \(one) and \(other) contradict each other"
        case .unreadableTimestamps(let why): "the certificate's transparency timestamps cannot be read: \(why)"
        case .wrongTimestampSignature(let log):
            "a transparency timestamp of the certificate is not signed by the log \(printable(log)) that it names"
        case .tooFewLogs(let found, let required, let outsidePeriod):
            "\(found) certificate transparency logs have seen the certificate, \(required) required"
                + (outsidePeriod ? "; another log was not believed at the time that it states" : "")
        }
    }
}

extension PathPosition: CustomStringConvertible {
    public var description: String {
        switch self {
        case .leaf: "the certificate"
        case .intermediate(0): "the certificate's issuer"
        case .intermediate: "an intermediate authority"
        case .root: "the root authority"
        }
    }
}
