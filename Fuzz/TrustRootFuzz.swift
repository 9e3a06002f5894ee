// SPDX-License-Identifier: Apache-2.0
import JSON

@testable import Sigstore

/// A trusted root, or the PEM files that an operator names instead: what is read is the same when it is read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTrustRoot(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    do throws(TrustError) {
        let trust = try TrustMaterial(trustedRoot: input)
        guard let document = try? JSONDocument(parsing: input),
            let again = try? TrustMaterial(trustedRoot: document.root.rewritten)
        else { preconditionFailure("unreadable when written") }
        precondition(again.generation == trust.generation && again.leftOut == trust.leftOut)
        precondition(
            max(trust.logs.count, trust.certificateLogs.count, trust.certificateAuthorities.count)
                <= TrustMaterial.maximumMembers)
        for log in trust.logs {
            _ = log.origin
            precondition(log.canBe(.v1) || log.canBe(.v2))
            precondition(log.checkpointKeyHash(.v1).count == 4 && log.checkpointKeyHash(.v2).count == 4)
        }
        for authority in trust.certificateAuthorities + trust.timestampAuthorities {
            precondition(1...CertificateAuthority.maximumIssuers ~= authority.issuers.count)
            precondition(authority.issuers.allSatisfy { $0.last == authority.root })
        }
    } catch { _ = "\(error)" }
    // No JSON begins with a dash.
    if input.first == UInt8(ascii: "-") { readPEM(input) }
    return 0
}

private func readPEM(_ input: [UInt8]) {
    guard let text = String(validating: input, as: UTF8.self) else { return }
    do throws(KeyError) {
        let blocks = try PEMBlock.all(in: text, atMost: 8)
        precondition(1...8 ~= blocks.count && blocks.allSatisfy { !$0.bytes.isEmpty })
        let written = blocks.map {
            "-----BEGIN \($0.label)-----\n\(Base64.encode($0.bytes))\n-----END \($0.label)-----\n"
        }
        guard let again = try? PEMBlock.all(in: written.joined(), atMost: 8) else {
            preconditionFailure("unreadable when written")
        }
        precondition(again.map(\.bytes) == blocks.map(\.bytes))
    } catch { _ = "\(error)" }
    do throws(KeyError) {
        let key = try VerificationKey(pem: text)
        // One key has one fingerprint, in whichever form it came.
        guard let again = try? PublicKey(der: key.publicKey.der) else { preconditionFailure("another form") }
        precondition(again.fingerprint == key.fingerprint && !key.schemes.isEmpty)
        precondition(!key.verifies([0x30, 0x00], over: .bytes(input)))
    } catch { _ = "\(error)" }
    var forms = [OperatorKeys(), OperatorKeys(), OperatorKeys(), OperatorKeys()]
    forms[0].logKeys = [text]
    forms[1].certificateLogKeys = [text, text]
    (forms[2].roots, forms[2].intermediates) = (text, text)
    forms[3].timestampChain = text
    for keys in forms {
        do throws(TrustError) {
            let trust = try Minted.trust.replacing(with: keys)
            precondition(trust.generation != Minted.trust.generation)
            precondition((try? Minted.trust.replacing(with: keys))?.generation == trust.generation)
        } catch { _ = "\(error)" }
    }
}
