// SPDX-License-Identifier: Apache-2.0
import OCI
import Testing

@testable import Policy

@Suite("Policies over time")
struct PolicyReloadTests {
    private let anything = "any.example/a@\(sampleDigest)"

    private func text(_ name: String, glob: String = "registry.example/**", rest: String = "") -> String {
        Source(name: name, images: "  images:\n  - glob: '\(glob)'\n", rest: rest).text
    }

    private func snapshot(_ files: [String: String]) -> PolicySnapshot {
        let contents = files.sorted { $0.key < $1.key }.map { name, text in
            PolicySnapshot.File(
                path: "/p/\(name)", content: text == "?" ? .unreadable("permission denied") : .text(Array(text.utf8)))
        }
        return PolicySnapshot(sources: [PolicySnapshot.Source(path: "/p", content: .files(contents))])
    }

    private let gone = PolicySnapshot(sources: [
        PolicySnapshot.Source(path: "/p", content: .unavailable("there is no such file or directory"))
    ])

    private func names(_ state: PolicyFilesState) -> [String] { state.set.policies.map(\.name) }

    // MARK: Start

    @Test("at start every policy of every file is in force")
    func start() throws {
        let state = try PolicyFilesState(starting: snapshot(["a.yaml": text("one"), "b.yaml": text("two")]))
        #expect(names(state) == ["one", "two"])
        #expect(state.health.isWhole)
    }

    @Test("at start everything that is wrong is told, with file, line and path")
    func badStart() throws {
        let error = try #require(throws: PolicyLoadError.self) {
            try PolicyFilesState(
                starting: snapshot([
                    "a.yaml": text("one", rest: "  bogus: 1\n  mode: x"), "b.yaml": "a: 'open", "c.yaml": text("three"),
                    "d.yaml": "?",
                ]))
        }
        let lines = error.reasons.all
        #expect(lines.count == 4)
        #expect(lines[0].hasPrefix("/p/a.yaml:") && lines[0].contains("unknown field \"bogus\": spec.bogus"))
        #expect(lines[1].hasPrefix("/p/a.yaml:") && lines[1].contains("invalid value: x: spec.mode"))
        #expect(lines[2].hasPrefix("/p/b.yaml:"))
        #expect(lines[3] == "/p/d.yaml: permission denied")
    }

    @Test("at start a source that is gone, empty or holds two policies of one name is an error")
    func brokenStarts() {
        for snapshot in [
            gone, snapshot([:]), snapshot(["a.yaml": text("one"), "b.yaml": text("one", glob: "other.example/**")]),
            snapshot(["a.yaml": "# nothing\n"]),
        ] {
            #expect(throws: PolicyLoadError.self) { try PolicyFilesState(starting: snapshot) }
        }
        #expect(throws: Never.self) {
            try PolicyFilesState(starting: self.snapshot(["a.yaml": text("one"), "b.yaml": text("one")]))
        }
    }

    // MARK: Changes

    @Test("an edit, a new file and a removed one act")
    func edits() throws {
        var state = try PolicyFilesState(starting: snapshot(["a.yaml": text("one"), "b.yaml": text("two")]))
        #expect(state.update(snapshot(["a.yaml": text("one"), "b.yaml": text("two")])) == [])
        #expect(
            state.update(snapshot(["a.yaml": text("one", rest: "  mode: warn"), "b.yaml": text("two")]))
                == [.inForce(policy: "one", file: "/p/a.yaml")])
        #expect(state.set.policies.first?.mode == .warn)
        #expect(
            state.update(snapshot(["b.yaml": text("two"), "c.yaml": text("three")]))
                == [.inForce(policy: "three", file: "/p/c.yaml"), .removed(policy: "one", file: "/p/a.yaml")])
        #expect(names(state) == ["three", "two"])
    }

    // MARK: Breakage

    @Test(
        "the last good version of a broken document stays until it is mended",
        arguments: ["  bogus: 1", "  mode: x", "  policy: {type: cue, data: x}"])
    func lastGood(_ breakage: String) throws {
        var state = try PolicyFilesState(starting: snapshot(["a.yaml": text("one")]))
        let hash = state.set.policies.first?.documentHash
        let events = state.update(snapshot(["a.yaml": text("one", glob: "other.example/**", rest: breakage)]))
        guard case .broken("one", "/p/a.yaml", let reason, keepsLastGood: true) = try #require(events.first) else {
            Issue.record("\(events)")
            return
        }
        #expect(reason.hasPrefix("/p/a.yaml:"))
        #expect(state.set.policies.first?.documentHash == hash)
        #expect(state.set.broken.isEmpty)
        #expect(state.health.documents.map(\.keepsLastGood) == [true])
        let mended = state.update(snapshot(["a.yaml": text("one", glob: "third.example/**")]))
        #expect(
            mended == [.inForce(policy: "one", file: "/p/a.yaml"), .mended(name: "one", file: "/p/a.yaml")])
        #expect(state.set.policies.first?.images.map(\.pattern) == ["third.example/**"])
        #expect(state.health.isWhole)
    }

    @Test("a broken document without a last good version denies what its globs name, and nothing else")
    func noLastGood() throws {
        var state = try PolicyFilesState(starting: snapshot(["a.yaml": text("one")]))
        let broken = text("two", glob: "guarded.example/**", rest: "  bogus: 1")
        let events = state.update(snapshot(["a.yaml": text("one"), "b.yaml": broken]))
        #expect(events.count == 1)
        #expect(names(state) == ["one"])
        let guarded = try state.set.policies(for: reference("guarded.example/a@\(sampleDigest)"), workload: nil)
        #expect(guarded.denials.map(\.policy) == ["two"])
        #expect(try state.set.policies(for: reference(anything), workload: nil).isEmpty)
        state.update(snapshot(["a.yaml": text("one")]))
        #expect(state.set.broken.isEmpty && state.health.isWhole)
    }

    @Test("a file that cannot be read keeps all of its last good policies", arguments: ["a: 'open", "?", "", "[]"])
    func unreadableFile(_ content: String) throws {
        var state = try PolicyFilesState(
            starting: snapshot(["a.yaml": text("one") + "\n---\n" + text("two"), "b.yaml": text("three")]))
        state.update(snapshot(["a.yaml": content, "b.yaml": text("three")]))
        #expect(names(state) == ["one", "three", "two"])
        #expect(!state.health.isWhole)
        let isWhollyGone = state.set.broken.isEmpty
        #expect(isWhollyGone)
    }

    @Test("a broken document denies what its globs name also while its whole file cannot be read")
    func brokenInBrokenFile() throws {
        let good = text("one")
        let broken = text("two", glob: "other.example/**", rest: "  bogus: 1")
        var state = try PolicyFilesState(starting: snapshot(["a.yaml": good]))
        state.update(snapshot(["a.yaml": good + "\n---\n" + broken]))
        #expect(state.set.broken.map(\.name) == ["two"])
        state.update(snapshot(["a.yaml": "a: 'open"]))
        #expect(names(state) == ["one"])
        #expect(state.set.broken.map(\.name) == ["two"])
        state.update(snapshot(["a.yaml": good]))
        #expect(state.set.broken.isEmpty)
    }

    @Test("a new file that cannot be read denies everything, as it may name anything")
    func unreadableNewFile() throws {
        var state = try PolicyFilesState(starting: snapshot(["a.yaml": text("one")]))
        state.update(snapshot(["a.yaml": text("one"), "b.yaml": "a: 'open"]))
        #expect(try state.set.policies(for: reference(anything), workload: nil).denials.count == 1)
    }

    @Test("while a document of a file is broken, none of the file's disappears")
    func renamedAndBroken() throws {
        var state = try PolicyFilesState(starting: snapshot(["a.yaml": text("one") + "\n---\n" + text("two")]))
        state.update(
            snapshot(["a.yaml": text("one") + "\n---\n" + text("renamed", glob: "x.example/**", rest: "  bogus: 1")]))
        #expect(names(state) == ["one", "two"])
        #expect(state.set.broken.map(\.name) == ["renamed"])
        state.update(snapshot(["a.yaml": text("one") + "\n---\n" + text("renamed")]))
        #expect(names(state) == ["one", "renamed"])
        #expect(state.set.broken.isEmpty)
    }

    @Test("a last good version that is replaced stands in for no broken document of its name")
    func replacedStandIn() throws {
        var state = try PolicyFilesState(starting: snapshot(["a.yaml": text("one")]))
        let twin = text("one", glob: "guarded.example/**", rest: "  bogus: 1")
        let edited = snapshot(["a.yaml": text("one", rest: "  mode: warn") + "\n---\n" + twin])
        for _ in 0..<2 {
            state.update(edited)
            #expect(state.set.policies.map(\.mode) == [.warn])
            let guarded = try state.set.policies(for: reference("guarded.example/a@\(sampleDigest)"), workload: nil)
            #expect(guarded.denials.map(\.policy) == ["one"])
            #expect(state.health.documents.map(\.keepsLastGood) == [false])
        }
    }

    @Test("a last good version stands in for one broken document of its name, not for two")
    func oneStandIn() throws {
        var state = try PolicyFilesState(starting: snapshot(["a.yaml": text("one")]))
        let twins = ["registry.example/**", "guarded.example/**"].map { text("one", glob: $0, rest: "  bogus: 1") }
        state.update(snapshot(["a.yaml": twins.joined(separator: "\n---\n")]))
        #expect(names(state) == ["one"])
        #expect(state.set.broken.map { $0.images?.map(\.pattern) } == [["guarded.example/**"]])
        #expect(state.health.documents.map(\.keepsLastGood) == [true, false])
    }

    @Test("a document whose name broke is the one that stood at its place")
    func namelessDocument() throws {
        var state = try PolicyFilesState(starting: snapshot(["a.yaml": text("one") + "\n---\n" + text("two")]))
        let nameless = text("two").replacing("name: two", with: "nam: two")
        state.update(snapshot(["a.yaml": text("one") + "\n---\n" + nameless]))
        #expect(names(state) == ["one", "two"])
        #expect(state.set.broken.isEmpty)
        #expect(state.health.documents.map(\.keepsLastGood) == [true])
    }

    @Test("a document that is taken out of a readable file is gone")
    func removedDocument() throws {
        var state = try PolicyFilesState(starting: snapshot(["a.yaml": text("one") + "\n---\n" + text("two")]))
        #expect(state.update(snapshot(["a.yaml": text("one")])) == [.removed(policy: "two", file: "/p/a.yaml")])
        #expect(names(state) == ["one"])
    }

    // MARK: Sources

    @Test("a source that is lost or empty keeps its last good policies, and says so")
    func lostSource() throws {
        for loss in [gone, snapshot([:])] {
            var state = try PolicyFilesState(starting: snapshot(["a.yaml": text("one")]))
            let events = state.update(loss)
            guard case .sourceLost("/p", _, keepsLastGood: true) = try #require(events.first) else {
                Issue.record("\(events)")
                return
            }
            #expect(names(state) == ["one"])
            #expect(state.set.missing.isEmpty)
            #expect(state.health.sources.map(\.name) == ["/p"])
            #expect(state.update(loss) == [])
            #expect(state.update(snapshot(["a.yaml": text("one")])) == [.sourceFound(path: "/p")])
            #expect(state.health.isWhole)
        }
    }

    @Test("a source that never was there denies everything")
    func missingSource() throws {
        var state = PolicyFilesState()
        state.update(gone)
        #expect(state.set.missing == ["/p"])
        #expect(try state.set.policies(for: reference(anything), workload: nil).denials.count == 1)
    }

    // MARK: Contradictions

    @Test("of two documents of one name that differ, the one in force stays and the newcomer is broken")
    func newcomer() throws {
        var state = try PolicyFilesState(starting: snapshot(["b.yaml": text("one")]))
        let both = snapshot(["a.yaml": text("one", glob: "new.example/**"), "b.yaml": text("one")])
        state.update(both)
        #expect(state.set.policies.map { $0.images.map(\.pattern) } == [["registry.example/**"]])
        #expect(state.set.broken.map { $0.images?.map(\.pattern) } == [["new.example/**"]])
        #expect(!state.health.isWhole)
        // Looking again changes nothing.
        #expect(state.update(both) == [])
        #expect(state.set.broken.count == 1)
        state.update(snapshot(["a.yaml": text("one", glob: "new.example/**")]))
        #expect(state.set.policies.map { $0.images.map(\.pattern) } == [["new.example/**"]])
        #expect(state.health.isWhole)
    }

    @Test("an edit of the one in force is its next version, whoever else claims the name")
    func editedIncumbent() throws {
        var state = try PolicyFilesState(starting: snapshot(["b.yaml": text("one")]))
        state.update(snapshot(["a.yaml": text("one", glob: "new.example/**"), "b.yaml": text("one")]))
        state.update(
            snapshot(["a.yaml": text("one", glob: "new.example/**"), "b.yaml": text("one", glob: "edited.example/**")]))
        #expect(state.set.policies.map { $0.images.map(\.pattern) } == [["edited.example/**"]])
        #expect(state.set.broken.map { $0.images?.map(\.pattern) } == [["new.example/**"]])
    }

    @Test("where one file claims a name twice anew, what was in force stays")
    func twiceInOneFile() throws {
        var state = try PolicyFilesState(starting: snapshot(["a.yaml": text("one")]))
        state.update(
            snapshot([
                "a.yaml": text("one", glob: "x.example/**") + "\n---\n" + text("one", glob: "y.example/**")
            ]))
        #expect(state.set.policies.map { $0.images.map(\.pattern) } == [["registry.example/**"]])
        #expect(!state.health.isWhole)
    }

    @Test("two newcomers of one name that differ are both broken")
    func twoNewcomers() throws {
        var state = try PolicyFilesState(starting: snapshot(["z.yaml": text("other")]))
        state.update(
            snapshot([
                "a.yaml": text("one", glob: "x.example/**"), "b.yaml": text("one", glob: "y.example/**"),
                "z.yaml": text("other"),
            ]))
        #expect(names(state) == ["other"])
        #expect(state.set.broken.count == 2)
        #expect(state.health.documents.count == 2)
    }
}

@Suite("Looks that have settled")
struct SettledSnapshotsTests {
    private func snapshot(_ text: String) -> PolicySnapshot {
        PolicySnapshot(sources: [
            PolicySnapshot.Source(
                path: "/p", content: .files([PolicySnapshot.File(path: "/p/a", content: .text(Array(text.utf8)))]))
        ])
    }

    @Test("a change acts when two looks in a row agree")
    func settles() {
        var settled = SettledSnapshots(applied: snapshot("a"))
        #expect(settled.look(snapshot("a")) == nil)
        #expect(settled.look(snapshot("b")) == nil)
        #expect(settled.look(snapshot("b")) == snapshot("b"))
        #expect(settled.look(snapshot("b")) == nil)
    }

    @Test("what is written for a moment never acts")
    func passes() {
        var settled = SettledSnapshots(applied: snapshot("a"))
        #expect(settled.look(snapshot("half")) == nil)
        #expect(settled.look(snapshot("a")) == nil)
        #expect(settled.look(snapshot("half")) == nil)
        #expect(settled.look(snapshot("whole")) == nil)
        #expect(settled.look(snapshot("whole")) == snapshot("whole"))
    }

    @Test("what changes at every look acts in the end")
    func neverSettles() {
        var settled = SettledSnapshots(applied: snapshot("a"))
        let looks = (1...3 * SettledSnapshots.patience).map { settled.look(snapshot("\($0)")) }
        #expect(looks.count { $0 != nil } == 3)
    }
}
