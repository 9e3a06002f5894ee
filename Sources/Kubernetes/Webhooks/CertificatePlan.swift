// SPDX-License-Identifier: Apache-2.0
import Sigstore

/// How long each step of a change of authority takes.
public struct CertificateTimes: Sendable {
    /// From the moment at which every webhook configuration was seen to hold the next authority until a certificate of it
    /// is served. An API server takes a changed configuration up within about a second, and one whose watch broke once it
    /// watches again; nothing hurries us.
    public var settle: Duration = .seconds(300)
    /// From the moment at which that certificate is served until the old authority is trusted no more: for a replica that
    /// does not reach the API server and goes on with what it has.
    public var overlap: Duration = .seconds(86_400)
    /// How often time is looked at.
    public var tick: Duration = .seconds(1)
    /// How often webhook configurations are asked for the next authority.
    public var look: Duration = .seconds(5)

    public init() {}
}

/// What is to be done next with what stands in the Secret. Pure: the same on every replica, whichever comes first.
///
///     steady ──(old, asked for, or not ours)──► announced ──(seen in all configurations)──► registered
///       ▲                                       bundle: old + new                               │ settle
///       └──────── bundle: new ◄──(overlap)── replaced: new + old, serving the new one's ◄───────┘
struct CertificatePlan: Sendable {
    let making: any CertificateMaking
    /// What the serving certificate bears; the first is what API servers ask for.
    let names: [String]
    let times: CertificateTimes

    enum Step: Sendable {
        case nothing
        /// Write this, because of that.
        case write(CertificateRecord, String)
        /// Look whether every webhook configuration holds the bundle.
        case look
    }

    /// When what is kept can serve; `nil` where it cannot now.
    func serving(_ record: CertificateRecord, now: Instant) -> CertificateValidity? {
        guard !record.serving.certificate.isEmpty, let name = names.first,
            let validity = making.validity(
                of: record.serving, for: name, under: alive(record, now: now)), validity.holds(at: now)
        else { return nil }
        return validity
    }

    private func alive(_ record: CertificateRecord, now: Instant) -> [KeptAuthority] {
        making.authorities(in: record.bundle).filter { now < $0.validity.notAfter }
    }

    /// - Parameters:
    ///   - record: `nil` where there is no Secret.
    ///   - remembered: what could serve when it was last seen, if anything.
    ///   - isRegistered: whether all webhook configurations were just seen to hold the bundle; `nil` for not looked.
    func next(
        _ record: CertificateRecord?, remembered: CertificateRecord?, isRegistered: Bool?, now: Instant
    ) throws(CertificateFault) -> Step {
        guard let record else {
            // Deleted while we ran: what is served and trusted stays, and its keys are replaced in the usual order.
            if let remembered, serving(remembered, now: now) != nil {
                return .write(try announced(remembered, now: now), "the Secret was gone")
            }
            return .write(try founded(CertificateRecord(), now: now), "there was no Secret")
        }
        let authorities = alive(record, now: now)
        let signer = authorities.first { pairs(record.signingKey, $0) }
        guard let validity = serving(record, now: now) else {
            if var remembered, serving(remembered, now: now) != nil {
                remembered.rotationWanted = record.rotationWanted
                return .write(try announced(remembered, now: now), "the Secret was broken")
            }
            if let signer {
                return .write(try reissued(record, by: signer, now: now), "the serving certificate could not serve")
            }
            return .write(try founded(record, now: now), "the Secret held no certificate that could serve")
        }
        if let signer, validity.isNearEnd(at: now), signer.validity.notAfter > validity.notAfter {
            return .write(try reissued(record, by: signer, now: now), "the serving certificate was near its end")
        }
        return try onward(record, authorities, signer, isRegistered: isRegistered, now: now)
    }

    private func onward(
        _ record: CertificateRecord, _ authorities: [KeptAuthority], _ signer: KeptAuthority?, isRegistered: Bool?,
        now: Instant
    ) throws(CertificateFault) -> Step {
        var next = record
        switch record.phase {
        case .steady:
            let isWanted = !record.rotationWanted.isEmpty && record.rotationWanted != record.rotationBegun
            guard let signer, !signer.validity.isNearEnd(at: now), !isWanted else {
                let why = signer == nil ? "it is not ours" : isWanted ? "it was asked for" : "its end is near"
                return .write(try announced(record, now: now), "another authority was made: \(why)")
            }
            let all = making.authorities(in: record.bundle)
            guard all.count == authorities.count else {
                next.bundle = authorities.flatMap(\.certificate)
                return .write(next, "an authority's time was over")
            }
            return .nothing
        case .announced, .registered:
            guard let coming = authorities.first(where: { pairs(record.nextKey, $0) }) else {
                next.phase = .steady
                next.nextKey = []
                return .write(next, "the next authority was lost")
            }
            guard let isRegistered else { return .look }
            guard isRegistered else {
                next.phase = .announced
                return next == record ? .nothing : .write(next, "the bundle is registered no more")
            }
            guard case .registered(let since) = record.phase, since <= now else {
                next.phase = .registered(since: now)
                return .write(next, "the bundle is registered everywhere")
            }
            guard elapsed(since, now) >= times.settle else { return .nothing }
            return .write(
                try replaced(record, authorities, from: signer, by: coming, now: now),
                "the next authority's certificate is served")
        case .replaced(let since):
            guard let signer else {
                next.phase = .steady
                return .write(next, "the authority was lost")
            }
            guard since <= now else {
                next.phase = .replaced(since: now)
                return .write(next, "the time of the change was not known")
            }
            guard elapsed(since, now) >= times.overlap else { return .nothing }
            next.bundle = signer.certificate
            next.phase = .steady
            return .write(next, "the old authority is trusted no more")
        }
    }

    // MARK: Steps

    /// An authority, a certificate of it, and trust in whatever else was trusted; nothing here could serve.
    private func founded(_ record: CertificateRecord, now: Instant) throws(CertificateFault) -> CertificateRecord {
        let authority = try making.makeAuthority(now: now)
        let others = alive(record, now: now)
        var next = record
        next.bundle = authority.certificate + others.flatMap(\.certificate)
        next.serving = try making.issue(names, by: authority, now: now)
        next.signingKey = authority.key
        next.nextKey = []
        next.phase = others.isEmpty ? .steady : .replaced(since: now)
        next.rotationBegun = record.rotationWanted
        return next
    }

    private func reissued(
        _ record: CertificateRecord, by signer: KeptAuthority, now: Instant
    ) throws(CertificateFault) -> CertificateRecord {
        var next = record
        next.serving = try making.issue(
            names, by: KeptPair(certificate: signer.certificate, key: record.signingKey), now: now)
        return next
    }

    /// Trust in an authority that issues nothing yet. One that was announced already stays the next one.
    private func announced(_ record: CertificateRecord, now: Instant) throws(CertificateFault) -> CertificateRecord {
        var next = record
        next.rotationBegun = record.rotationWanted
        if record.phase == .steady || next.nextKey.isEmpty {
            let authority = try making.makeAuthority(now: now)
            next.bundle = alive(record, now: now).flatMap(\.certificate) + authority.certificate
            next.nextKey = authority.key
        }
        next.phase = .announced
        return next
    }

    private func replaced(
        _ record: CertificateRecord, _ authorities: [KeptAuthority], from signer: KeptAuthority?,
        by coming: KeptAuthority, now: Instant
    ) throws(CertificateFault) -> CertificateRecord {
        var next = record
        next.serving = try making.issue(
            names, by: KeptPair(certificate: coming.certificate, key: record.nextKey), now: now)
        next.bundle = coming.certificate + authorities.filter { $0 != coming }.flatMap(\.certificate)
        next.signingKey = record.nextKey
        next.nextKey = []
        // Somebody else's authority may have a server that still runs: it is trusted until its own end.
        next.phase = signer == nil ? .steady : .replaced(since: now)
        return next
    }

    private func pairs(_ key: [UInt8], _ authority: KeptAuthority) -> Bool {
        !key.isEmpty && making.isPair(KeptPair(certificate: authority.certificate, key: key))
    }

    private func elapsed(_ since: Instant, _ now: Instant) -> Duration {
        .seconds(now.seconds - since.seconds)
            + .nanoseconds(Int64(now.nanoseconds) - Int64(since.nanoseconds))
    }
}
