// SPDX-License-Identifier: Apache-2.0
import Demo
import TestSupport
import Testing

@Suite("review and policy check")
struct ReviewTests {
    private static func deployment(_ image: String, name: String = "web") -> String {
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: \(name)}
        spec:
          template:
            spec:
              containers: [{name: main, image: "\(image)"}]

        """
    }

    private static let configuration = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"

    @Test("Manifests get the webhook's verdict, tags resolved")
    func manifests() async throws {
        try await DemoBench.running { bench in
            let content = bench.content
            for (image, status, output, words) in [
                (content.signed.reference, 0, "admitted", ""),
                (content.signed.pinned, 0, "admitted", ""),
                (content.unsigned.reference, 1, "denied", "no signatures found"),
                (content.tool.reference, 0, "admitted", "warning: failed policy: tools-should-be-signed"),
                (content.host + "/demo/app:absent", 1, "denied", "could not resolve"),
                ("registry.invalid/a/b:v1", 2, "undecided", "could not be decided"),
                ("host.example/UPPER", 1, "denied", "could not parse reference"),
            ] as [(String, Int32, String, String)] {
                try bench.program.home.write(Self.deployment(image), to: "deployment.yaml")
                let answer = try await bench.program.run(["review", "deployment.yaml", "--policies", "policies"])
                #expect(answer.exitCode == status, "\(image): \(answer)")
                #expect(answer.output == "deployment.yaml: Deployment/web: \(output)\n", "\(image): \(answer)")
                #expect(answer.words.contains(words), "\(image): \(answer)")
            }
        }
    }

    @Test("Of several objects the worst decides; what holds no images is passed over by name")
    func several() async throws {
        try await DemoBench.running { bench in
            let content = bench.content
            try bench.program.home.write(
                "---\n# nothing\n---\n" + Self.configuration + "---\n" + Self.deployment(content.signed.reference),
                to: "good.yaml")
            let good = try await bench.program.run(["review", "--policies=policies", "good.yaml"])
            #expect(good.exitCode == 0, "\(good)")
            #expect(good.output == "good.yaml: Deployment/web: admitted\n")
            #expect(good.words.contains("ConfigMap/settings of v1 is passed over"))

            let item =
                #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"\#(content.unsigned.reference)"}]}}"#
            try bench.program.home.write(#"{"apiVersion":"v1","kind":"List","items":[\#(item)]}"#, to: "list.json")
            let worst = try await bench.program.run(["review", "good.yaml", "list.json", "--policies", "policies"])
            #expect(worst.exitCode == 1, "\(worst)")
            #expect(worst.output == "good.yaml: Deployment/web: admitted\nlist.json: Pod/p: denied\n")
        }
    }

    @Test("A version that Kubernetes has left behind, and a List without items, are no admission")
    func unknown() async throws {
        let program = try Program()
        try program.writePolicy()
        for (text, words) in [
            (Self.deployment("registry.example/a").replacing("apps/v1", with: "apps/v1beta1"), "not as apps/v1beta1"),
            ("apiVersion: v1\nkind: List\n", "a List needs items"), ("---\n", "there is no object in it"),
            ("kind: Pod\n", "an object needs apiVersion and kind"),
        ] {
            try program.home.write(text, to: "object.yaml")
            let answer = try await program.run(["review", "object.yaml", "--policies", "policy.yaml"])
            #expect(answer.exitCode == 64, "\(answer)")
            #expect(answer.words.contains(words), "\(answer)")
        }
    }

    @Test("An AdmissionReview is judged as it is, as JSON and as YAML")
    func reviews() async throws {
        try await DemoBench.running { bench in
            let content = bench.content
            for (entry, status) in [(content.signed, 0), (content.unsigned, 1)] as [(DemoContent.Entry, Int32)] {
                let body = DemoReview.creation(of: entry.pinned, uid: "u").body
                try bench.program.home.write(body, to: "review.json")
                // A comment makes it YAML.
                try bench.program.home.write(Array("# a review\n".utf8) + body, to: "review.yaml")
                for name in ["review.json", "review.yaml"] {
                    let answer = try await bench.program.run(["review", "--policies", "policies", name])
                    #expect(answer.exitCode == status, "\(answer)")
                    #expect(answer.output.hasPrefix(name), "\(answer)")
                }
            }
            try bench.program.home.write(
                #"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}"#, to: "empty.json")
            let empty = try await bench.program.run(["review", "--policies", "policies", "empty.json"])
            #expect(empty.exitCode == 64, "\(empty)")
        }
    }

    @Test("Names in manifests cannot draw on the terminal")
    func escaping() async throws {
        let program = try Program()
        try program.writePolicy()
        try program.home.write(
            Self.configuration.replacing("settings", with: #""x\e[2J\u202E""#) + "---\n"
                + Self.deployment("registry.example/a@sha256:" + String(repeating: "0", count: 64), name: #""\e[1m""#),
            to: "object.yaml")
        let answer = try await program.run(["review", "object.yaml", "--policies", "policy.yaml"])
        for text in [answer.output, answer.words] {
            #expect(!text.contains("\u{1B}") && !text.contains("\u{202E}"), "\(answer)")
            #expect(text.contains("\\u{1b}"), "\(answer)")
        }
    }

    @Test("policy check tells valid from invalid from unreadable, in files and folders")
    func check() async throws {
        let program = try Program()
        try program.writePolicy("good/a.yaml")
        let good = try await program.run(["policy", "check", "good"])
        #expect(good.exitCode == 0, "\(good)")
        #expect(good.output == "good/a.yaml: ClusterImagePolicy everything: valid, enforce\n")

        try program.home.write(
            "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: x}\nspec:\n  modus: warn\n",
            to: "bad.yaml")
        let bad = try await program.run(["policy", "check", "good/a.yaml", "bad.yaml"])
        #expect(bad.exitCode == 1, "\(bad)")
        #expect(bad.words.contains(#"error: bad.yaml:5:3: unknown field "modus""#), "\(bad)")
        #expect(bad.output == good.output)

        let unreadable = try await program.run(["policy", "check", "bad.yaml", "absent.yaml"])
        #expect(unreadable.exitCode == 64, "\(unreadable)")

        // Each for itself is whole; two of one name are not.
        try program.writePolicy("good/b.yaml", action: "fail")
        let contradiction = try await program.run(["policy", "check", "good"])
        #expect(contradiction.exitCode == 1, "\(contradiction)")
        #expect(contradiction.words.contains("everything"), "\(contradiction)")
    }

    @Test("policy check prints each warning with its place and code, and counts them where it is asked to")
    func warnings() async throws {
        let program = try Program()
        try program.writePolicy("plain.yaml")
        try program.writePolicy("open.yaml", host: "**demo")
        for (arguments, status) in [
            (["open.yaml"], 0), (["open.yaml", "--strict"], 1), (["plain.yaml", "--strict"], 0),
        ] {
            let answer = try await program.run(["policy", "check"] + arguments)
            #expect(answer.exitCode == Int32(status), "\(answer)")
            #expect(answer.output.contains("valid, enforce"), "\(answer)")
            if arguments.first == "plain.yaml" {
                #expect(answer.words.isEmpty, "\(answer)")
            } else {
                #expect(answer.words.hasPrefix("warning: open.yaml:5:19: glob \"**demo/**\" names images"), "\(answer)")
                #expect(answer.words.hasSuffix(" [glob-across-hosts]\n"), "\(answer)")
            }
        }
    }
}
