// SPDX-License-Identifier: Apache-2.0
import JSON

@testable import Sigstore

/// A signature with its genuine entry.
private struct Logged {
    let entry: LogEntry
    let signature: LoggedSignature
}

/// The bundles of Fuzz/Minted/logged, one for each kind of entry; an envelope's text is what was uploaded. One thread uses them.
nonisolated(unsafe) private let logged: [Logged] = Minted.folder("Fuzz/Minted/logged").map { name, bytes in
    guard let bundle = try? SigstoreBundle.read(bytes), let entry = bundle.entries.first else {
        preconditionFailure("no bundle with an entry: \(name)")
    }
    let signer: LoggedSignature.Signer =
        switch bundle.signer {
        case .key: .key(Minted.key.publicKey)
        case .certificate(let der, _):
            if let certificate = try? Certificate(der: der) {
                .certificate(certificate)
            } else {
                preconditionFailure("no certificate: \(name)")
            }
        }
    switch bundle.content {
    case .envelope(let envelope):
        let text: [UInt8]? = entry.kind?.name == "intoto" && entry.kind?.version == "0.0.1" ? bundle.envelopeText : nil
        return Logged(
            entry: entry,
            signature: LoggedSignature(
                signature: envelope.signature, signer: signer, content: .envelope(envelope, text: text)))
    case .messageSignature(let said, let signature):
        guard let said else { preconditionFailure("no digest: \(name)") }
        return Logged(
            entry: entry,
            signature: LoggedSignature(
                signature: signature, signer: signer, content: .message(.digest(said.algorithm, said.bytes))))
    }
}

/// A log entry's body: put in the place of a genuine one, it is refused, or is that one.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEntry(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    let body: EntryBody
    do throws(LogError) { body = try EntryBody(input) } catch {
        _ = "\(error)\(error.code)"
        return 0
    }
    for one in logged {
        do throws(LogError) {
            try body.bind(to: one.signature)
            precondition(body.signature == nil || body.signature == one.signature.signature)
            precondition(body.signer == one.signature.signer.recorded)
            if body.kind.design == .v2 {
                try CanonicalLeaf.check(body, signer: one.signature.signer.publicKey, is: input)

            }
        } catch { _ = "\(error)\(error.code)" }
        let entry = LogEntry(
            index: one.entry.index, logID: one.entry.logID, kind: nil, integratedTime: one.entry.integratedTime,
            signedEntryTimestamp: one.entry.signedEntryTimestamp, inclusionProof: one.entry.inclusionProof,
            body: input)
        do throws(LogError) {
            let found = try LoggedEntry.checked(entry, for: one.signature, in: Minted.trust.logs)
            precondition(found != nil && input == one.entry.body)
        } catch {
            _ = "\(error)\(error.code)"
            precondition(input != one.entry.body)
        }
    }
    return 0
}
