// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

extension CertificateAuthority {
    /// An authority from its list of certificates: what issues first, the root last; before them, for timestamps, the
    /// authority's own certificate, which is the one that may not issue. `nil` where the list is empty.
    init?(
        name: String, chain: [Certificate], ofTimestamps: Bool, operatorName: String = "", validity: ValidityPeriod
    ) {
        guard let root = chain.last else { return nil }
        var intermediates = chain.dropLast()
        var signer: Certificate?
        if ofTimestamps, let first = intermediates.first, !first.isAuthority {
            signer = first
            intermediates = intermediates.dropFirst()
        }
        self.init(
            name: name, root: root, intermediates: Array(intermediates), signer: signer,
            takesOfferedIntermediates: false, operatorName: operatorName, validity: validity)
    }
}

extension Certificate {
    /// Whether the certificate says that it may issue others. RFC 5280 §4.2.1.9; what cannot be read says no.
    var isAuthority: Bool {
        guard let constraints = first([2, 5, 29, 19]) else { return false }
        let flag = try? DER.sequence(DER.parse(constraints.value), identifier: .sequence) { nodes in
            let flag: Bool = try DER.decodeDefault(&nodes, defaultValue: false)
            while nodes.next() != nil {}
            return flag
        }
        return flag ?? false
    }
}
