// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ImageVerification
import OCI
import Policy
import Registry

/// `countersign digest`: what a tag names now.
struct DigestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "digest",
        abstract: "Print the digest that a reference names now",
        usage: "countersign digest [<options>] <image>",
        discussion: """
            A tag's manifest is fetched and hashed, and a registry's word for its digest is not taken; a digest in the \
            reference is the answer, and nobody is asked

            Exit status: 0 printed, 1 no such image, 2 undecided because of an outage, 64 wrong usage or unreadable input

            Example: countersign digest ghcr.io/acme/app:v1
            """)

    @OptionGroup var registry: RegistryOptions

    @Argument(help: ArgumentHelp("Look up this reference, by tag or by digest", valueName: "image"))
    var image: String

    func run() async throws {
        try await concluding {
            let reference = try parsed(image)
            return try await Composition.withRegistry(registry.access) { source, _ in
                do throws(Outage) {
                    let deadline = Deadline.after(.seconds(60))
                    let access = RepositoryAccess(reference.repository, for: nil)
                    let shown = try await source.credential(for: access, deadline: deadline)
                    switch try await source.resolve(reference, showing: shown, deadline: deadline) {
                    case .resolved(let image):
                        Words.answer(line: "\(image.digest)")
                        return .admitted
                    case .notFound:
                        Words.say("countersign: \(image) does not exist in its registry")
                        return .denied
                    }
                } catch {
                    Words.say("countersign: \(error)")
                    return .undecided
                }
            }
        }
    }
}

/// A reference from the command line, or `UsageError` with the rule it breaks.
func parsed(_ text: String) throws(UsageError) -> ImageReference {
    do throws(ReferenceError) { return try ImageReference(parsing: text) } catch {
        throw UsageError("'\(text)': \(error)")
    }
}
