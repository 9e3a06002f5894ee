// SPDX-License-Identifier: Apache-2.0
import Sigstore
import Testing

@testable import Kubernetes
@testable import countersign

@Suite("The plan of certificates")
struct CertificatePlanTests {
    static let name = "webhook.cosign-system.svc"
    static let start = Instant(seconds: 1_800_000_000) ?? .earliest

    let maker = CertificateMaker()
    var plan: CertificatePlan {
        CertificatePlan(making: maker, names: [Self.name, "webhook"], times: CertificateTimes())
    }

    private func after(_ seconds: Int64, _ instant: Instant = start) -> Instant {
        Instant(seconds: instant.seconds + seconds) ?? .latest
    }

    private func next(
        _ record: CertificateRecord?, remembered: CertificateRecord? = nil, registered: Bool? = nil,
        at now: Instant = start
    ) throws -> CertificateRecord? {
        guard
            case .write(let next, _) = try plan.next(
                record, remembered: remembered, isRegistered: registered, now: now)
        else { return nil }
        return next
    }

    private func founded() throws -> CertificateRecord { try #require(try next(nil)) }

    private func count(_ record: CertificateRecord) -> Int { maker.authorities(in: record.bundle).count }

    @Test("Where there is no Secret, or an empty one, an authority and its certificate are made, and that is all")
    func founding() throws {
        for record in [nil, CertificateRecord()] {
            let made = try #require(try next(record))
            #expect(made.phase == .steady && count(made) == 1 && made.nextKey.isEmpty)
            #expect(plan.serving(made, now: Self.start) != nil)
            #expect(try next(made) == nil)
        }
    }

    @Test("A change of authority is announced, registered, served and ended in this order")
    func rotation() throws {
        var record = try founded()
        let first = record
        record.rotationWanted = "1"
        let announced = try #require(try next(record))
        #expect(announced.phase == .announced && announced.rotationBegun == "1")
        #expect(announced.serving == first.serving && announced.signingKey == first.signingKey)
        #expect(count(announced) == 2 && announced.bundle.starts(with: first.bundle))

        guard case .look = try plan.next(announced, remembered: nil, isRegistered: nil, now: Self.start) else {
            Issue.record("the configurations are not looked at")
            return
        }
        #expect(try next(announced, registered: false) == nil)
        let registered = try #require(try next(announced, registered: true))
        #expect(registered.phase == .registered(since: Self.start) && registered.serving == first.serving)

        #expect(try next(registered, registered: true, at: after(299)) == nil)
        let replaced = try #require(try next(registered, registered: true, at: after(300)))
        #expect(replaced.phase == .replaced(since: after(300)) && replaced.serving != first.serving)
        #expect(replaced.signingKey == announced.nextKey && replaced.nextKey.isEmpty)
        #expect(count(replaced) == 2)
        #expect(plan.serving(replaced, now: after(300)) != nil)
        // Whoever trusts what was announced trusts what is served now.
        #expect(
            maker.validity(
                of: replaced.serving, for: Self.name, under: maker.authorities(in: announced.bundle)) != nil)
        #expect(
            maker.validity(of: replaced.serving, for: Self.name, under: maker.authorities(in: first.bundle)) == nil)

        #expect(try next(replaced, at: after(300 + 86_399)) == nil)
        let ended = try #require(try next(replaced, at: after(300 + 86_400)))
        #expect(ended.phase == .steady && count(ended) == 1)
        #expect(try next(ended, at: after(300 + 86_400)) == nil)
    }

    @Test("A bundle that is registered no more begins the pause anew")
    func unregistered() throws {
        var record = try founded()
        record.rotationWanted = "1"
        record = try #require(try next(record))
        record = try #require(try next(record, registered: true))
        let back = try #require(try next(record, registered: false, at: after(400)))
        #expect(back.phase == .announced)
        #expect(try #require(try next(back, registered: true, at: after(500))).phase == .registered(since: after(500)))
    }

    @Test("A time that has not come yet, of a clock that is ahead, begins anew")
    func clocks() throws {
        var record = try founded()
        record.phase = .replaced(since: .latest)
        #expect(try #require(try next(record)).phase == .replaced(since: Self.start))
    }

    @Test("A certificate is issued anew by the same authority when a third of its time is left")
    func serving() throws {
        let record = try founded()
        #expect(try next(record, at: after(59 * 86_400)) == nil)
        let renewed = try #require(try next(record, at: after(61 * 86_400)))
        #expect(renewed.bundle == record.bundle && renewed.serving != record.serving && renewed.phase == .steady)
        #expect(try next(renewed, at: after(61 * 86_400)) == nil)
    }

    @Test("An authority is followed by another when a third of its time is left")
    func authority() throws {
        var record = try founded()
        let years: Int64 = 487 * 86_400
        record.serving = try maker.issue(
            [Self.name], by: KeptPair(certificate: record.bundle, key: record.signingKey), now: after(years))
        #expect(try #require(try next(record, at: after(years))).phase == .announced)
    }

    @Test("What another controller made is served, its authority trusted to its end, and followed by ours")
    func adoption() throws {
        var foreign = try founded()
        foreign.signingKey = []
        let announced = try #require(try next(foreign))
        #expect(announced.phase == .announced && announced.serving == foreign.serving && count(announced) == 2)
        let registered = try #require(try next(announced, registered: true))
        let replaced = try #require(try next(registered, registered: true, at: after(300)))
        #expect(replaced.phase == .steady && count(replaced) == 2)
        #expect(try next(replaced, at: after(86_400)) == nil)
        // Once the old one's time is over it goes; ours has been followed by another long before.
        let late = after(731 * 86_400)
        #expect(maker.authorities(in: foreign.bundle).allSatisfy { $0.validity.notAfter < late })
    }

    @Test("What cannot serve is issued anew, and without an authority of ours both are made")
    func repair() throws {
        let good = try founded()
        var keyless = good
        keyless.serving.key = []
        var foreignKey = good
        foreignKey.serving.key = try founded().serving.key
        var otherName = good
        otherName.serving = try maker.issue(
            ["other.cosign-system.svc"], by: KeptPair(certificate: good.bundle, key: good.signingKey), now: Self.start)
        for broken in [keyless, foreignKey, otherName] {
            let repaired = try #require(try next(broken))
            #expect(repaired.bundle == good.bundle && plan.serving(repaired, now: Self.start) != nil)
            var orphan = broken
            orphan.signingKey = []
            let anew = try #require(try next(orphan))
            #expect(plan.serving(anew, now: Self.start) != nil && count(anew) == 2)
            #expect(anew.phase == .replaced(since: Self.start))
        }
    }

    @Test("A Secret that is gone or broken while we run is written as it was, with another authority announced")
    func memory() throws {
        let good = try founded()
        var broken = good
        broken.bundle = Array("junk".utf8)
        for found in [nil, broken, CertificateRecord()] {
            let restored = try #require(try next(found, remembered: good))
            #expect(restored.serving == good.serving && restored.phase == .announced && count(restored) == 2)
        }
        // One that was being changed goes on where it was.
        var changing = good
        changing.rotationWanted = "1"
        changing = try #require(try next(changing))
        #expect(try #require(try next(nil, remembered: changing)).nextKey == changing.nextKey)
    }

    @Test("A next authority that was lost is made anew")
    func lostNext() throws {
        var record = try founded()
        record.rotationWanted = "1"
        record = try #require(try next(record))
        record.nextKey = Array("junk".utf8)
        let back = try #require(try next(record))
        #expect(back.phase == .steady && back.nextKey.isEmpty)
    }

    @Test("What a Secret holds is read as it was written")
    func storage() throws {
        var record = try founded()
        record.phase = .registered(since: Self.start)
        record.nextKey = record.signingKey
        record.rotationBegun = "1"
        let secret = try KubernetesObject(parsing: record.creation(name: "webhook-certs", namespace: "n"))
        #expect(CertificateRecord(secret) == record)
        let empty = try KubernetesObject(parsing: Array(#"{"metadata":{"name":"a"}}"#.utf8))
        #expect(CertificateRecord(empty) == CertificateRecord())
    }
}
