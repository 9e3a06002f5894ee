// SPDX-License-Identifier: Apache-2.0
import JSON
import Policy

/// Why bytes are no configuration of an image.
enum ConfigurationFault: Error, Hashable, Sendable {
    case json(JSONError)
    case notObject
    /// A member that is missing, or of another kind than it has to be.
    case member(String)
    case spelling(String, of: String)
}

extension ConfigurationFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .json(let error): "is not JSON, or not strictly so: \(error)"
        case .notObject: "is not a JSON object"
        case .member(let name): "is no image configuration: its \(printable(name)) is missing or of the wrong kind"
        case .spelling(let name, let known):
            "has \(printable(name)), which runtimes take for \(printable(known)) and policies do not; spell it so"
        }
    }
}

extension ImageConfiguration {
    /// Depth: the deepest place is a health check's words. Values: a layer's history has a few, an environment hundreds.
    private static let limits = JSONLimits(
        maximumBytes: RegistryLimits.configurationBytes, maximumDepth: 64, maximumValues: 1 << 18)

    /// Reads a configuration blob. OCI image-spec, config.md "Properties".
    ///
    /// What has no platform is none: a policy that asks for one would find nothing to object to.
    init(reading bytes: [UInt8]) throws(ConfigurationFault) {
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(parsing: bytes, limits: Self.limits)
        } catch {
            throw .json(error)
        }
        let root = document.root
        guard root.kind == .object else { throw .notObject }
        try Self.checkSpelling(root, Self.members)
        for name in ["os", "architecture"] where root[name]?.string?.isEmpty != false { throw .member(name) }
        for name in ["variant", "os.version"] {
            if let value = root[name], value.string == nil, !value.isNull { throw .member(name) }
        }
        if let run = root["config"], !run.isNull {
            guard run.kind == .object else { throw .member("config") }
            try Self.checkSpelling(run, Self.runMembers)
        }
        self.init(document)
    }

    /// Runtimes written in Go read names whatever the case of their letters: `"user":"0"` runs as root, and a policy
    /// about `User` would not see it.
    private static func checkSpelling(_ object: JSONValue, _ known: [String: String]) throws(ConfigurationFault) {
        for member in object.members {
            guard let name = known[folded(member.name)], !name.utf8.elementsEqual(member.name.utf8) else { continue }
            throw .spelling(member.name, of: name)
        }
    }

    private static let members = byFoldedName([
        "architecture", "os", "os.version", "os.features", "variant", "author", "container", "created",
        "docker_version", "history", "rootfs", "config",
    ])

    private static let runMembers = byFoldedName([
        "AttachStderr", "AttachStdin", "AttachStdout", "Cmd", "Healthcheck", "Domainname", "Entrypoint", "Env",
        "Hostname", "Image", "Labels", "OnBuild", "OpenStdin", "StdinOnce", "Tty", "User", "Volumes", "WorkingDir",
        "ExposedPorts", "ArgsEscaped", "NetworkDisabled", "MacAddress", "StopSignal", "StopTimeout", "Shell",
    ])

    private static func byFoldedName(_ names: [String]) -> [String: String] {
        Dictionary(names.map { (folded($0), $0) }) { first, _ in first }
    }

    /// As Go's `encoding/json` folds names: ASCII letters, and the two others that fold into them.
    private static func folded(_ name: String) -> String {
        var folded = String.UnicodeScalarView()
        for scalar in name.unicodeScalars {
            switch scalar {
            case "A"..."Z": folded.append(Unicode.Scalar(UInt8(scalar.value) | 0x20))
            case "\u{17F}": folded.append("s")
            case "\u{212A}": folded.append("k")
            default: folded.append(scalar)
            }
        }
        return String(folded)
    }
}
