// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI

@testable import Sigstore

/// What a signature can be over: a statement, an envelope around one, a simple-signing payload.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzStatement(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    readStatement(input)
    readSimpleSigning(input)
    readEnvelope(input)
    return 0
}

private func readStatement(_ input: [UInt8]) {
    do throws(VerificationError) {
        let statement = try Statement(input)
        precondition(!statement.predicateType.isEmpty)
        precondition(1...Statement.maximumSubjects ~= statement.subjects.count)
        precondition(statement.subjects.allSatisfy { 1...Statement.maximumDigests ~= $0.digests.count })
        guard let again = try? Statement(statement.document.root.rewritten) else {
            preconditionFailure("unreadable when written")
        }
        precondition(again.predicateType.isExactly(statement.predicateType))
        precondition(again.subjects.count == statement.subjects.count)
        let subject = try statement.subject(Minted.image)
        precondition(subject.digests.contains { $0.hex.isExactly(Minted.image.hex) })
        precondition((try? again.subject(Minted.image)) != nil)
    } catch { _ = "\(error)\(error.code)" }
}

private func readSimpleSigning(_ input: [UInt8]) {
    do throws(VerificationError) {
        let payload = try SimpleSigning(input)
        precondition((try? JSONDocument(parsing: payload.optional)) != nil)
        try payload.require(Minted.image)
        precondition(payload.manifestDigest.isExactly(Minted.image.description))
        precondition(payload.type.isExactly(SimpleSigning.containerSignature))
    } catch { _ = "\(error)\(error.code)" }
}

private func readEnvelope(_ input: [UInt8]) {
    do throws(VerificationError) {
        let envelope = try Envelope.read(input)
        precondition(envelope.payloadType.isExactly(Envelope.inToto) && !envelope.signature.isEmpty)
        // The form that is signed can be taken apart in one way only.
        let payload = try envelope.bytes()
        let beginning = Array("DSSEv1 28 \(Envelope.inToto) \(payload.count) ".utf8)
        guard case .bytes(let encoding) = envelope.preAuthenticationEncoding, encoding == beginning + payload else {
            preconditionFailure("something else is signed")
        }
        var writer = JSONWriter()
        writer.object {
            $0.member("payload", Base64.encode(payload))
            $0.member("payloadType", envelope.payloadType)
            $0.member("signatures", array: { $0.object { $0.member("sig", Base64.encode(envelope.signature)) } })
        }
        guard let again = try? Envelope.read(writer.bytes) else { preconditionFailure("unreadable when written") }
        precondition((try? again.bytes()) == payload && again.signature == envelope.signature)
        readStatement(payload)
    } catch { _ = "\(error)\(error.code)" }
}
