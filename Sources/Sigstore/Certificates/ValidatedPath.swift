// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// A certificate whose way to a trusted root was valid at every proven time: only this file can make one, by checking it.
///
/// Path validation as RFC 5280 §6.1 and Go's `crypto/x509` have it, without revocation (Fulcio has none) and without
/// policies, and narrower where Sigstore lets it be:
/// - names are compared by their bytes;
/// - every issuer, the root among them, is of version 3, is marked as an authority and may sign certificates where it
///   has a key usage; that the basic constraints be critical is asked of no one, as in RFC 5280 §6.1.4 (k);
/// - a path length counts every authority below, self-issued ones too, as Go does and more strictly than RFC 5280;
/// - extended key usage nests: an authority that names purposes can only issue for them, the root too, as in Go;
/// - name constraints are not read, and no path goes through an authority that has them, critical or not;
/// - any other critical extension ends a path.
struct ValidatedPath: Sendable {
    private let proven: Proven

    private struct Proven: Sendable {
        /// The leaf first, the root last; at least two.
        let leaf: Certificate
        let issuer: Certificate
        let count: Int
        let purpose: KeyPurpose
        let authority: String
        let operatorName: String
        let instants: [Instant]
    }

    var leaf: Certificate { proven.leaf }
    /// The one that signed the leaf: its key is part of what a signed certificate timestamp is over.
    var issuer: Certificate { proven.issuer }
    /// Certificates in the path, leaf and root among them.
    var count: Int { proven.count }
    var purpose: KeyPurpose { proven.purpose }
    /// Name of the authority that is believed.
    var authority: String { proven.authority }
    var operatorName: String { proven.operatorName }
    /// When the path was valid; at least one.
    var instants: [Instant] { proven.instants }

    fileprivate init(
        leaf: Certificate, issuer: Certificate, count: Int, purpose: KeyPurpose, authority: CertificateAuthority,
        instants: [Instant]
    ) {
        proven = Proven(
            leaf: leaf, issuer: issuer, count: count, purpose: purpose, authority: authority.name,
            operatorName: authority.operatorName, instants: instants)
    }
}

extension CertificateAuthority {
    /// Certificates beside the leaf that are looked at where a proof may bring its own. Fulcio's paths have one
    /// intermediate; ten is what sigstore-go and others allow (CVE-2026-32280 was about paths without a limit).
    static let maximumOffered = 10
    /// Signature checks in the search of one path, beside the one that may be made beforehand. An honest path of the
    /// longest kind takes eleven.
    static let maximumSignatureChecks = 16
    /// Pairs of certificates whose names fit that one search looks at, known or not: ten authorities that have all signed
    /// each other have more ways than can be counted, and cost few checks. Go stops at a hundred signatures.
    static let maximumSteps = 100

    /// Finds the leaf's way to this authority's root that was valid at every one of `instants`.
    ///
    /// `offered` came with the proof and is used only where `takesOfferedIntermediates` says so. The error is that of the
    /// way that got farthest.
    func path(
        to leaf: Certificate, offered: [Certificate] = [], for purpose: KeyPurpose, at instants: [Instant]
    ) throws(CertificateError) -> ValidatedPath {
        var known = KnownIssuers()
        return try path(to: leaf, offered: offered, for: purpose, at: instants, knowing: &known)
    }

    /// The same where several authorities are tried: who signed what among `offered` is found out once for all of them.
    func path(
        to leaf: Certificate, offered: [Certificate], for purpose: KeyPurpose, at instants: [Instant],
        knowing known: inout KnownIssuers
    ) throws(CertificateError) -> ValidatedPath {
        guard !instants.isEmpty else { throw .noTime }
        for instant in instants where !validity.contains(instant) {
            throw .authorityOutsidePeriod(authority: name, at: instant, validity)
        }
        guard signer.map({ $0 == leaf }) ?? true else { throw .notPinnedSigner(authority: name) }
        guard leaf != root, !intermediates.contains(leaf), leaf.issuer != leaf.subject else { throw .isAuthority }
        try leaf.requireLeaf(for: purpose, at: instants)

        let usable = takesOfferedIntermediates ? offered : []
        guard usable.count <= Self.maximumOffered else { throw .tooManyOffered(usable.count) }
        var search = PathSearch(
            authority: self, offered: usable, purpose: purpose, instants: instants, known: known)
        defer { known = search.known }
        try search.extend([leaf])
        guard let path = search.found, path.count >= 2 else { throw search.nearest }
        return ValidatedPath(
            leaf: leaf, issuer: path[1], count: path.count, purpose: purpose, authority: self, instants: instants)
    }
}

/// Which key signed which certificate, as far as it was checked. With the ten certificates that a proof may bring there
/// are at most a hundred pairs, however many authorities are tried.
struct KnownIssuers: Sendable {
    fileprivate struct Edge: Hashable, Sendable {
        let certificate: Certificate
        let key: PublicKey
    }

    fileprivate var edges: [Edge: Bool] = [:]

    init() {}

    /// With one check made beforehand: that of the first issuer whose name fits. Nearly always there is one.
    init(of leaf: Certificate, among authorities: [CertificateAuthority]) {
        let issuers = authorities.lazy.flatMap { $0.issuers.lazy.compactMap(\.first) }
        guard let issuer = issuers.first(where: { $0.subject == leaf.issuer }) else { return }
        edges[Edge(certificate: leaf, key: issuer.publicKey)] = leaf.isIssued(by: issuer)
    }
}

/// The search of one path: depth first, from the leaf up, with a budget of steps and of signature checks.
private struct PathSearch {
    let authority: CertificateAuthority
    let offered: [Certificate]
    let purpose: KeyPurpose
    let instants: [Instant]

    /// The leaf first, the root last.
    private(set) var found: [Certificate]?
    /// The error of the way that got farthest.
    private(set) var nearest: CertificateError
    private var checksLeft = CertificateAuthority.maximumSignatureChecks
    private var stepsLeft = CertificateAuthority.maximumSteps
    private(set) var known: KnownIssuers

    init(
        authority: CertificateAuthority, offered: [Certificate], purpose: KeyPurpose, instants: [Instant],
        known: KnownIssuers
    ) {
        self.known = known
        self.authority = authority
        self.offered = offered
        self.purpose = purpose
        self.instants = instants
        nearest = .unknownIssuer(authority: authority.name)
    }

    /// Continues a way whose signatures are verified, until one that may be taken is found.
    mutating func extend(_ way: [Certificate]) throws(CertificateError) {
        guard let last = way.last else { return }
        for rest in authority.issuers {
            guard let issuer = rest.first, try isIssued(last, by: issuer) else { continue }
            do {
                try (way + rest).requireIssuers(for: purpose, at: instants)
                found = way + rest
                return
            } catch {
                miss(error)
            }
        }
        for next in offered where next != authority.root && !way.contains(next) {
            guard try isIssued(last, by: next) else { continue }
            try extend(way + [next])
            if found != nil { return }
        }
    }

    /// Names first: only a key whose owner has the right name is worth a check.
    private mutating func isIssued(_ certificate: Certificate, by issuer: Certificate) throws(CertificateError) -> Bool
    {
        guard certificate.issuer == issuer.subject else { return false }
        if certificate == authority.signer, authority.signerIssuers.contains(issuer) { return true }
        guard stepsLeft > 0 else { throw .tooMuchWork }
        stepsLeft -= 1
        let edge = KnownIssuers.Edge(certificate: certificate, key: issuer.publicKey)
        let isIssued: Bool
        if let known = known.edges[edge] {
            isIssued = known
        } else {
            guard checksLeft > 0 else { throw .tooMuchWork }
            checksLeft -= 1
            isIssued = certificate.isIssued(by: issuer)
            known.edges[edge] = isIssued
        }
        if !isIssued { miss(.notSignedByIssuer(authority: authority.name)) }
        return isIssued
    }

    /// Keeps the error that is the most telling: a way that led to the root, a key that did not sign, no name at all.
    private mutating func miss(_ error: CertificateError) {
        switch (nearest, error) {
        case (.unknownIssuer, _): nearest = error
        case (.notSignedByIssuer, .notSignedByIssuer): break
        case (.notSignedByIssuer, _): nearest = error
        default: break
        }
    }
}

extension Certificate {
    /// What the end of a path must be, apart from who signed it.
    fileprivate func requireLeaf(for purpose: KeyPurpose, at instants: [Instant]) throws(CertificateError) {
        try requireCommon(.leaf, at: instants)
        guard try basicConstraints(.leaf)?.isAuthority != true else { throw .isAuthority }
        let usage = try keyUsage(.leaf)
        let purposes = try extendedKeyUsage(.leaf)?.purposes
        switch purpose {
        case .codeSigning:
            // Fulcio's certificate specification: both extensions are there.
            guard usage?.digitalSignature == true else { throw .keyUsage(.leaf) }
            guard let purposes, purposes.contains(purpose.identifier) else { throw .purpose(.leaf, purpose) }
        case .timeStamping:
            // RFC 3161 §2.3: this purpose alone, and critical.
            guard usage.map({ $0.digitalSignature || $0.nonRepudiation }) ?? true else { throw .keyUsage(.leaf) }
            guard purposes == [purpose.identifier], first(PathExtension.extendedKeyUsage)?.isCritical == true else {
                throw .purpose(.leaf, purpose)
            }
        }
    }

    /// What every certificate of a path must be.
    fileprivate func requireCommon(
        _ position: PathPosition, at instants: [Instant]
    ) throws(CertificateError) {
        guard version == 3 else { throw .wrongVersion(position, version) }
        for instant in instants where !validity.contains(instant) {
            throw .outsideValidity(position, at: instant, validity)
        }
        guard first(PathExtension.nameConstraints) == nil else { throw .nameConstraints(position) }
        for one in extensions where one.isCritical && !PathExtension.understood.contains(one.identifier) {
            throw .unknownCriticalExtension(position, excerpt(one.identifier.description))
        }
    }

    /// What an issuer must be that has so many authorities below it.
    fileprivate func requireIssuer(
        _ position: PathPosition, authoritiesBelow: Int, for purpose: KeyPurpose, at instants: [Instant]
    ) throws(CertificateError) {
        try requireCommon(position, at: instants)
        guard let constraints = try basicConstraints(position), constraints.isAuthority else {
            throw .notAnAuthority(position)
        }
        if let allowed = constraints.pathLength, authoritiesBelow > allowed {
            throw .pathTooLong(position, allowed: allowed)
        }
        guard try keyUsage(position)?.keyCertSign ?? true else { throw .keyUsage(position) }
        if let purposes = try extendedKeyUsage(position)?.purposes {
            guard purposes.contains(purpose.identifier) || purposes.contains(ExtendedKeyUsage.any) else {
                throw .purpose(position, purpose)
            }
        }
    }
}

extension [Certificate] {
    /// What the issuers of a whole path, the leaf first and the root last, must be.
    fileprivate func requireIssuers(for purpose: KeyPurpose, at instants: [Instant]) throws(CertificateError) {
        for (below, issuer) in dropFirst().enumerated() {
            try issuer.requireIssuer(
                below == count - 2 ? .root : .intermediate(below), authoritiesBelow: below, for: purpose, at: instants)
        }
    }
}
