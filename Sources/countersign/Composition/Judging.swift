// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import OCI
import Policy
import Registry

/// One image of the command line, and its verdict.
struct JudgedImage: Sendable {
    /// As on the command line.
    let name: String
    /// With registry, and with the tag where there is no digest.
    let qualifiedName: String
    let verdict: ImageVerdict
}

extension ProofOptions {
    /// Judges every image by the code that admission uses, and hands the verdicts over in the order of the command line.
    func judging(
        _ images: [String], under criteria: Criteria, registry: RegistryAccess,
        report: @Sendable ([JudgedImage]) -> ExitStatus
    ) async throws -> ExitStatus {
        guard !images.isEmpty else { throw UsageError("name at least one image") }
        let trust = TrustInForce(try signer.trust.sources.read())
        Words.say(lines: signer.warnings)
        let deadline = Deadline.after(try Self.duration(timeout ?? Self.defaultTimeout))
        if isLocal {
            var judged: [JudgedImage] = []
            for operand in images {
                let directory: String
                let reference: ImageReference
                do throws(DigestError) { (directory, reference) = try LayoutSource.read(operand: operand) } catch {
                    throw UsageError("'\(operand)': \(error)")
                }
                // A layout that is not there is unreadable input; only what is wrong inside is for the verdict to say.
                _ = try readFile("\(directory)/index.json")
                judged += try await Self.judge(
                    [(operand, reference)], by: LayoutSource(directory: directory, limits: criteria.limits), nil,
                    criteria, trust, deadline)
            }
            return report(judged)
        }
        let references = try images.map { ($0, try parsed($0)) }
        return try await Composition.withRegistry(registry, limits: criteria.limits) { client, logs in
            report(try await Self.judge(references, by: client, logs, criteria, trust, deadline))
        }
    }

    private static func judge(
        _ references: [(name: String, reference: ImageReference)], by source: any EvidenceSource,
        _ logs: (any LogSearch)?, _ criteria: Criteria, _ trust: TrustInForce, _ deadline: Deadline
    ) async throws -> [JudgedImage] {
        try await Composition.withVerification(source: source, trust: trust, logs: logs, patience: deadline.remaining) {
            store in
            let verifier = ImageVerifier(
                policies: PoliciesInForce(criteria.policies), noMatch: criteria.noMatch, store: store,
                requiresSignature: criteria.requiresSignature, looksAtAll: true)
            return await withTaskGroup { group in
                for (index, image) in references.enumerated() {
                    group.addTask {
                        (index, await verifier.verdict(on: image.reference, for: nil, deadline: deadline))
                    }
                }
                var verdicts = await group.reduce(into: []) { $0.append($1) }
                verdicts.sort { $0.0 < $1.0 }
                return zip(references, verdicts).map { image, verdict in
                    // A directory has no name but its own.
                    let name = source is LayoutSource ? image.name : image.reference.matchingName
                    return JudgedImage(name: image.name, qualifiedName: name, verdict: verdict.1)
                }
            }
        }
    }

    /// `90s`, `3m`, `1h`, or a sum of them as Go prints it; a day at most, which is more than anybody waits for a verdict.
    static func duration(_ text: String) throws(UsageError) -> Duration {
        var seconds = 0
        var number: Int?
        for character in text.utf8 {
            switch (character, number) {
            case (UInt8(ascii: "0")...UInt8(ascii: "9"), _):
                number = (number ?? 0) * 10 + Int(character - UInt8(ascii: "0"))
            case (UInt8(ascii: "s"), let count?): (seconds, number) = (seconds + count, nil)
            case (UInt8(ascii: "m"), let count?): (seconds, number) = (seconds + count * 60, nil)
            case (UInt8(ascii: "h"), let count?): (seconds, number) = (seconds + count * 3600, nil)
            default: throw UsageError("--timeout takes a time as 90s, 3m or 1h, not '\(text)'")
            }
            guard max(number ?? 0, seconds) <= 86_400 else {
                throw UsageError("--timeout takes a day at most, not '\(text)'")
            }
        }
        guard number == nil, seconds > 0 else {
            throw UsageError("--timeout takes a time as 90s, 3m or 1h, not '\(text)'")
        }
        return .seconds(seconds)
    }
}
