// SPDX-License-Identifier: Apache-2.0
import JSON
import OCI
import Policy
import Sigstore
import Testing
import YAML

/// Public keys made for these tests; nobody has their private halves.
enum Keys {
    static let first = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEizjT8zdTWAaq6+ytQk3ebcUGR7H/
        BUEzE7orQKetgIP4l/HIpUSmO29P34phzCBrAQLMQughGh75Ofh+5kb9eg==
        -----END PUBLIC KEY-----

        """
    static let second = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExUpxcSTJOc1FDEmQsD/cP0FBx/tM
        HDXwYV/iTSrLRuD4847A0fDfQ+/X8s6OGxTo6BlAfb5GwjM4c5qnWpFxdQ==
        -----END PUBLIC KEY-----

        """
    static let weak = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkITrJLcdzAcIgfAkiET18XIos
        XekQ+s1/JzyA5/gpo+xxMNWrZKbneYQMaar9L5PfjHpO5KzwX8R30LxTOKA9focM
        5bkli+pW4sOMcCu3iwfLOsaiPiwHWEmMggLNXvNY72h4evfjGL3wDzUIiOErzVU1
        OHtTCmAr3zuVeL2v6QIDAQAB
        -----END PUBLIC KEY-----

        """

    /// As a block scalar under a key that is indented by `indentation` spaces.
    static func block(_ pem: String = first, indentation: Int = 8) -> String {
        "|\n"
            + pem.split(separator: "\n").map { String(repeating: " ", count: indentation) + $0 }
            .joined(separator: "\n")
    }
}

/// One document as YAML, of which tests change a part.
struct Source {
    var version = "v1beta1"
    var name: String? = "sample"
    var images = "  images:\n  - glob: registry.example/acme/**\n"
    var authorities = "  authorities:\n  - key:\n      data: \(Keys.block())\n"
    /// Further members of `spec`, indented by two.
    var rest = ""

    var text: String {
        """
        apiVersion: policy.sigstore.dev/\(version)
        kind: ClusterImagePolicy
        metadata:\(name.map { "\n  name: \($0)" } ?? " {}")
        spec:
        \(images)\(authorities)\(rest)
        """
    }

    var document: PolicyDocument { get throws { try #require(Source.read(text).first) } }
    var policy: ClusterImagePolicy { get throws { try #require(document.policy) } }

    /// The document with one authority, whose members are given indented by four.
    static func authority(_ members: String) -> Source {
        Source(authorities: "  authorities:\n  - name: only\n\(members)\n")
    }

    static func read(_ text: String) throws -> [PolicyDocument] {
        try YAMLDocument.parse(Array(text.utf8)).enumerated().map {
            PolicyDocument(reading: $0.element, index: $0.offset)
        }
    }
}

/// An image of the sample's, by digest.
let sampleDigest = "sha256:" + String(repeating: "0123456789abcdef", count: 4)

func reference(_ text: String) throws -> ImageReference { try ImageReference(parsing: text) }

extension ClusterImagePolicy {
    /// For policies without a program.
    func judge(findings: [AuthorityFinding]) -> Judgement { judge(findings: findings) { _ in .satisfied } }
}

extension DocumentRules {
    /// Documents read at that time.
    static func at(_ now: Instant?) -> DocumentRules {
        var rules = DocumentRules()
        rules.now = now
        return rules
    }
}
