// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import CUE

/// The language's own test files: archives of texts, of which those in CUE are read.
@Suite("CUE's own files", .enabled(if: SharedFolder.path("data/cue") != nil))
struct LanguageFilesTests {
    private static let folders = [
        "basicrewrite", "basicrewrite/aliases", "builtins", "builtins/list", "definitions", "resolve",
    ]

    private static func texts(in folder: String) -> [(name: String, text: [UInt8])] {
        var texts: [(name: String, text: [UInt8])] = []
        for archive in SharedFolder.names(in: "data/cue/" + folder) where archive.hasSuffix(".txtar") {
            let bytes = SharedFolder.bytes("data/cue/\(folder)/\(archive)") ?? []
            var name: String?
            var text: [UInt8] = []
            for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
                let string = String(decoding: line, as: UTF8.self)
                if string.hasPrefix("-- "), string.hasSuffix(" --") {
                    if let name, name.hasSuffix(".cue") { texts.append((archive + " " + name, text)) }
                    name = String(string.dropFirst(3).dropLast(3))
                    text = []
                } else {
                    text += line + [UInt8(ascii: "\n")]
                }
            }
            if let name, name.hasSuffix(".cue") { texts.append((archive + " " + name, text)) }
        }
        return texts
    }

    @Test("every file is read or refused by name, and none is too much", arguments: folders)
    func files(folder: String) {
        for (name, text) in Self.texts(in: folder) {
            do throws(SyntaxError) {
                var parser = Parser(text)
                _ = try parser.parseFile()
            } catch {
                #expect(error.isUnsupported, "\(name): \(error.message)")
            }
            // Most have errors on purpose: that there is an answer is what is asked for.
            do throws(CUECompileError) {
                _ = try CUEPolicy(compiling: text)
            } catch {
                #expect(!error.message.isEmpty)
            }
        }
    }
}
