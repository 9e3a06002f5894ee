// SPDX-License-Identifier: Apache-2.0
import CUE
import JSON

/// What a policy in a language is shown.
enum ProgramSubject {
    /// The statement of an attestation of this predicate type.
    case statement(of: String)
    /// What the authorities found, and what the policy asks to be included.
    case authorities
}

extension Findings {
    /// `policy`, in whichever of its two places.
    mutating func look(at program: PolicyProgram, over subject: ProgramSubject, _ place: Place) {
        guard case .cue(let policy) = program.body, let data = place["data"], let text = data.value.string else {
            return
        }
        let outline = CUEOutline(text)
        let paths = outline.paths
        let mentioned: [String]
        let isStatement: Bool
        switch subject {
        case .statement:
            isStatement = true
            mentioned = paths.filter { $0.count == 2 && $0[0] == "predicate" }.map { $0.joined(separator: ".") }
        case .authorities:
            isStatement = false
            let outermost = paths.filter { $0.count == 1 }.map { $0[0] }
            lookAtInputs(outermost, program.inputs, data)
            // A policy that limits the elements of lists means that there may be none.
            mentioned = outermost.filter { PolicyInputs.members[$0] != nil && outline.fixesValue(below: $0) }
        }
        guard !mentioned.isEmpty, let probe = try? JSONDocument(parsing: Self.probe(subject)),
            policy.evaluate(probe.root, demanding: program.demand) == .pass
        else { return }
        let shown = mentioned.prefix(Self.maximumNames).map(oneLine).joined(separator: ", ")
        let more = mentioned.count - min(mentioned.count, Self.maximumNames)
        report(
            .cueUndemanded, data,
            "the policy does not demand \(isStatement ? "" : "what it says of ")\(shown)"
                + (more > 0 ? " and \(more) more" : ""),
            why: "a document without them satisfies it, since CUE asks only that nothing contradicts",
            better: "write \"concrete: true\" beside data, or \"name!:\" instead of \"name:\" for one field"
        )
    }

    /// A field that nobody fills in contradicts nothing.
    private mutating func lookAtInputs(_ fields: [String], _ inputs: PolicyInputs, _ place: Place) {
        for field in fields {
            guard let member = PolicyInputs.members[field], !inputs[keyPath: member.isIncluded] else { continue }
            report(
                .cueInputNotIncluded, place, "the policy speaks of \(field), which it is not shown",
                why: "whatever it says of that is satisfied",
                better: "write \"\(member.name): true\" beside data")
        }
    }

    /// A document that says nothing; of a statement's subjects neither, which every statement has.
    private static func probe(_ subject: ProgramSubject) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            guard case .statement(let type) = subject else { return }
            writer.member("_type", "https://in-toto.io/Statement/v0.1")
            writer.member("predicateType", type)
            writer.name("predicate")
            writer.object { _ in }
        }
        return writer.bytes
    }

    /// Fields that one sentence names.
    private static let maximumNames = 8
}

extension PolicyInputs {
    /// What a policy over authorities may be shown besides what they found, and the switch for it.
    fileprivate static var members: [String: (name: String, isIncluded: KeyPath<PolicyInputs, Bool>)] {
        [
            "config": ("fetchConfigFile", \.configuration), "spec": ("includeSpec", \.specification),
            "metadata": ("includeObjectMeta", \.metadata), "typemeta": ("includeTypeMeta", \.type),
        ]
    }
}
