// SPDX-License-Identifier: Apache-2.0

/// Which of many documents name an image, by their globs: exactly those that trying every glob of every document finds.
/// Made once with the documents.
struct PolicyIndex: Sendable {
    /// Equal patterns are one, however many documents have it.
    private struct Patterns: Sendable {
        var patterns: [GlobPattern] = []
        /// For each pattern the documents that have it, ascending.
        var owners: [[Int]] = []
        var index = GlobIndex([])

        init(_ documents: [[Glob]?], _ pattern: (Glob) -> GlobPattern) {
            var positions: [GlobPattern: Int] = [:]
            for (document, globs) in documents.enumerated() {
                for pattern in Set((globs ?? []).map(pattern)) {
                    if let position = positions[pattern] {
                        owners[position].append(document)
                    } else {
                        positions[pattern] = patterns.count
                        patterns.append(pattern)
                        owners.append([document])
                    }
                }
            }
            index = GlobIndex(patterns)
        }

        func mark(_ marks: inout [Bool], naming name: [UInt8]) {
            index.forEachCandidate(for: name) { pattern in
                guard patterns[pattern].matches(name) else { return }
                for owner in owners[pattern] { marks[owner] = true }
            }
        }
    }

    private let count: Int
    /// Documents whose globs cannot be read: they name everything.
    private let always: [Int]
    private let byName: Patterns
    /// For names as they were written, which images without digest are compared by as well.
    private let byWrittenName: Patterns

    /// - Parameter documents: the globs of each; `nil` for one that names everything.
    init(_ documents: [[Glob]?]) {
        count = documents.count
        always = documents.indices.filter { documents[$0] == nil }
        byName = Patterns(documents) { $0.name }
        byWrittenName = Patterns(documents) { $0.written }
    }

    /// Positions of the documents that name the image, ascending.
    func documents(naming image: ComparedName) -> [Int] {
        positions { marks in
            byName.mark(&marks, naming: image.name)
            if let written = image.written { byWrittenName.mark(&marks, naming: written) }
        }
    }

    /// Positions of the documents that name the image under some digest or under every one, ascending.
    ///
    /// Asked about images that could not be judged, and where a tag is to be pinned. What a name's digits may be cannot be
    /// looked up, so patterns that are filed under a run of their own are all tried.
    ///
    /// - Parameter digests: what has to be true of a document.
    func documents(naming image: UnpinnedName, under digests: (Int) -> UnpinnedName.Digests) -> [Int] {
        positions { marks in
            byName.index.forEachCandidate(beginning: image.stem) { pattern in
                let owners = byName.owners[pattern]
                for wanted in [UnpinnedName.Digests.some, .every] {
                    let asking = owners.filter { digests($0) == wanted && !marks[$0] }
                    guard !asking.isEmpty, byName.patterns[pattern].matches(image, under: wanted) else { continue }
                    for owner in asking { marks[owner] = true }
                }
            }
        }
    }

    private func positions(_ mark: (inout [Bool]) -> Void) -> [Int] {
        var marks = [Bool](repeating: false, count: count)
        for document in always { marks[document] = true }
        mark(&marks)
        return marks.indices.filter { marks[$0] }
    }
}
