// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials
import Testing

@testable import Sigstore

@Suite("Base64")
struct Base64Tests {
    @Test(
        "reads RFC 4648's own examples",
        arguments: [
            ("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob"), ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
        ])
    func examples(text: String, bytes: String) {
        #expect(Base64.decode(text) == Array(bytes.utf8))
        #expect(Base64.decode(text, .any) == Array(bytes.utf8))
        #expect(Base64.decode(text.replacing("=", with: ""), .any) == Array(bytes.utf8))
    }

    @Test(
        "reads what is not padded, or of the URL alphabet, only where that is allowed",
        arguments: ["Zg", "Zm8", "Zm9vYg", "-_-_", "-w==", "_w"])
    func lax(text: String) {
        #expect(Base64.decode(text) == nil)
        #expect(Base64.decode(text, .any) != nil)
    }

    @Test(
        "reads nothing else",
        arguments: [
            "Z", "Zm9vY", "=", "==", "===", "====", "Z===", "Zg=", "Zg===", "Z=g=", "=Zg=", "Zm8==", "Zm9v=", "Zm9v==",
            "Zm9v====", "Zg==Zg==", "Zg=\n", "Zg==\n", " Zg==", "Zg ==", "Zm\r\n9v", "Zm9v\0", "Zm9!", "Zm9,", "Zmé=",
            "Ｚｍ９ｖ", "+_+_", "-/-/", "Zh==", "Zm9=", "Zm+_",
        ])
    func junk(text: String) {
        #expect(Base64.decode(text) == nil)
        #expect(Base64.decode(text, .any) == nil)
    }

    @Test("agrees with Foundation's encoder on any bytes")
    func random() {
        var random = SeededRandom(seed: 4648)
        for count in 0..<300 {
            let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            #expect(Base64.decode(base64(bytes)) == bytes)
            #expect(Base64.decode(base64URL(bytes), .any) == bytes)
        }
    }

    @Test("has one text for each value in one alphabet: any other text of that length is another value")
    func injective() {
        var random = SeededRandom(seed: 3548)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/==".utf8)
        for _ in 0..<20_000 {
            let count = 4 * Int.random(in: 1...3, using: &random)
            let text = (0..<count).map { _ in alphabet.randomElement(using: &random) ?? 0 }
            guard let bytes = Base64.decode(String(decoding: text, as: UTF8.self)) else { continue }
            #expect(Array(base64(bytes).utf8) == text)
        }
    }
}
