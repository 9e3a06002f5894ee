// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Kubernetes
import Sigstore
import WebhookServer

/// As the program makes and reads certificates.
struct CertificateMaker: CertificateMaking {
    func makeAuthority(now: Instant) throws(CertificateFault) -> KeptPair {
        do throws(ServingAuthority.Failure) {
            let authority = try ServingAuthority.make(now: Self.date(now))
            return KeptPair(certificate: authority.certificatePEM, key: authority.keyPEM)
        } catch {
            throw CertificateFault("\(error)")
        }
    }

    func issue(_ names: [String], by authority: KeptPair, now: Instant) throws(CertificateFault) -> KeptPair {
        do throws(ServingAuthority.Failure) {
            let authority = try ServingAuthority(certificatePEM: authority.certificate, keyPEM: authority.key)
            let issued = try authority.issue(names: names, now: Self.date(now))
            return KeptPair(certificate: issued.certificatePEM, key: issued.keyPEM)
        } catch {
            throw CertificateFault("\(error)")
        }
    }

    func authorities(in bundle: [UInt8]) -> [KeptAuthority] {
        ServedCertificate.authorities(in: bundle).map {
            KeptAuthority(certificate: $0.pem, validity: Self.validity($0.notBefore, $0.notAfter))
        }
    }

    func isPair(_ authority: KeptPair) -> Bool {
        (try? ServingAuthority(certificatePEM: authority.certificate, keyPEM: authority.key)) != nil
    }

    func validity(of pair: KeptPair, for name: String, under authorities: [KeptAuthority]) -> CertificateValidity? {
        let trusted = authorities.flatMap { ServedCertificate.authorities(in: $0.certificate) }
        guard let served = ServedCertificate(certificatePEM: pair.certificate, keyPEM: pair.key),
            served.serves(name, under: trusted)
        else { return nil }
        return Self.validity(served.notBefore, served.notAfter)
    }

    private static func date(_ instant: Instant) -> Date {
        Date(timeIntervalSince1970: TimeInterval(instant.seconds))
    }

    private static func validity(_ start: Date, _ end: Date) -> CertificateValidity {
        CertificateValidity(notBefore: instant(start, else: .latest), notAfter: instant(end, else: .earliest))
    }

    private static func instant(_ date: Date, else bound: Instant) -> Instant {
        Int64(exactly: date.timeIntervalSince1970.rounded(.down)).flatMap { Instant(seconds: $0) } ?? bound
    }
}
