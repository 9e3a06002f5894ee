// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI

@testable import Sigstore

private let verifiers = [
    Verifier(trust: Minted.trust, options: VerificationOptions(key: Minted.key)),
    Verifier(trust: Minted.trust, options: VerificationOptions(key: Minted.key, requiresLogEntry: true)),
    Verifier(trust: Minted.trust, options: VerificationOptions(signer: .certificate([Minted.identity]))),
    Verifier(
        trust: Minted.trust,
        options: VerificationOptions(signer: .certificate([Minted.identity]), logs: 0, timestamps: 1)),
]

/// What was signed: the payloads of the seeds.
private let payloads: Set<[UInt8]> = Set(
    Minted.seeds("bundle").compactMap { _, bytes -> [UInt8]? in
        guard case .envelope(let envelope)? = (try? SigstoreBundle.read(bytes))?.content else { return nil }
        return try? envelope.bytes()
    })

/// A bundle: whatever of it verifies says what was signed and by whom, and says it still after it is written anew.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBundle(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = Array(UnsafeBufferPointer(start: bytes, count: count))
    let read: SigstoreBundle
    do throws(VerificationError) { read = try SigstoreBundle.read(text) } catch {
        _ = "\(error)\(error.code)\(error.nearness)"
        if (try? JSONDocument(parsing: text)) == nil { legacy(text) }
        return 0
    }
    guard let document = try? JSONDocument(parsing: text, limits: .proof) else {
        preconditionFailure("a bundle that is not JSON")
    }
    let rewritten = document.root.rewritten
    guard let again = try? SigstoreBundle.read(rewritten) else { preconditionFailure("unreadable when written") }
    precondition(again.version == read.version && again.signer == read.signer && again.timestamps == read.timestamps)
    precondition(again.entries.count == read.entries.count && read.entries.count <= SigstoreBundle.maximumEntries)
    for verifier in verifiers { verify(text, rewritten, verifier) }
    return 0
}

private func verify(_ text: [UInt8], _ rewritten: [UInt8], _ verifier: Verifier) {
    let bundle = UnverifiedBundle(.bundle(text), origin: Minted.origin)
    do throws(VerificationError) {
        let signature = try verifier.signature(in: bundle, of: Minted.image)
        precondition(payloads.contains(signature.claims.payload))
        require(signature.signer, verifier)
        let again = try? verifier.signature(
            in: UnverifiedBundle(.bundle(rewritten), origin: Minted.origin), of: Minted.image)
        precondition(again == signature)
    } catch { _ = "\(error)\(error.code)\(error.nearness)" }
    do throws(VerificationError) {
        let statement = try verifier.statement(in: bundle, of: Minted.image)
        precondition(payloads.contains(statement.statement.text))
        require(statement.signer, verifier)
    } catch { _ = "\(error)" }
    do throws(VerificationError) {
        let artifact = try verifier.artifact(.digest(Minted.image), in: text)
        precondition(artifact.artifact == Minted.image)
        require(artifact.signer, verifier)
    } catch { _ = "\(error)" }
}

private func require(_ signer: ProvenSigner, _ verifier: Verifier) {
    switch (signer, verifier.options.signer) {
    case (.key(let fingerprint), .key(let key)): precondition(fingerprint == key.fingerprint)
    case (.certificate(let claims), .certificate):
        precondition(claims.subject == .email("fuzz@example.com") && claims.issuer == "https://issuer.example")
    default: preconditionFailure("another kind of signer")
    }
}

/// Parts that are separated by zero bytes, which no JSON holds: a layer of cosign's tags and its annotations.
private func legacy(_ text: [UInt8]) {
    let parts = text.split(separator: 0, maxSplits: 5, omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 6 else { return }
    let payload = Array(text.prefix { $0 != 0 })
    let annotations = CosignAnnotations([
        "dev.cosignproject.cosign/signature": parts[1], "dev.sigstore.cosign/certificate": parts[2],
        "dev.sigstore.cosign/chain": parts[3], "dev.sigstore.cosign/bundle": parts[4],
        "dev.sigstore.cosign/rfc3161timestamp": parts[5],
    ])
    for verifier in verifiers {
        do throws(VerificationError) {
            let signature = try verifier.signature(
                in: UnverifiedBundle(.simpleSigning(payload: payload, annotations: annotations), origin: Minted.origin),
                of: Minted.image)
            precondition(legacyPayloads.contains(signature.claims.payload))
            require(signature.signer, verifier)
        } catch { _ = "\(error)" }
        do throws(VerificationError) {
            let statement = try verifier.statement(
                in: UnverifiedBundle(.envelope(payload, annotations: annotations), origin: Minted.origin),
                of: Minted.image)
            precondition(legacyPayloads.contains(statement.statement.text))
            require(statement.signer, verifier)
        } catch { _ = "\(error)" }
    }
}

/// Simple-signing payloads, and the statements in envelopes.
private let legacyPayloads: Set<[UInt8]> = Set(
    Minted.seeds("bundle").filter { $0.name.hasPrefix("legacy-") }.flatMap { _, bytes -> [[UInt8]] in
        let blob = Array(bytes.prefix { $0 != 0 })
        return [blob] + [try? Envelope.read(blob).bytes()].compactMap { $0 }
    })
