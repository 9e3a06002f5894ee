import TestSupport
// SPDX-License-Identifier: Apache-2.0
import Testing

@Suite("Access and faults of the API server double")
struct FaultsAndAccessTests {
    static let secrets = "/api/v1/namespaces/demo/secrets"

    @Test("A token that is revoked is a 401 from then on, and a new one works")
    func rotation() async throws {
        try await APIServerDouble.withServer { server async throws in
            var client = DoubleClient(server: server, token: "t1")
            server.accept(token: "t1", user: "u")
            #expect(try await client.get(Self.secrets).status == 200)
            server.revoke(token: "t1")
            #expect(try await client.get(Self.secrets).status == 401)
            server.accept(token: "t2", user: "u")
            client.token = "t2"
            #expect(try await client.get(Self.secrets).status == 200)
            #expect(server.requests.map(\.user) == ["u", "", "u"])
            #expect(server.requests.allSatisfy { $0.verb == "list" && $0.resource == "secrets" })
        }
    }

    @Test("A denial is a 403 that names user, verb and resource, and covers nothing else")
    func denial() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            server.store(Example.secret())
            server.deny(APIPermission(user: "admin", verb: "get", resource: "secrets", namespace: "demo"))
            let answer = try await client.get(Self.secrets + "/s1")
            #expect(answer.status == 403)
            #expect(
                answer.object["message"]
                    == .string(
                        "secrets \"s1\" is forbidden: User \"admin\" cannot get resource \"secrets\" in API group \"\" "
                            + "in the namespace \"demo\""))
            #expect(answer.object["details"] == ["name": "s1", "kind": "secrets"])
            #expect(try await client.get(Self.secrets).status == 200)
            server.denyNothing()
            #expect(try await client.get(Self.secrets + "/s1").status == 200)
        }
    }

    @Test("A user with a role may do what it says and no more")
    func roles() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            server.store(Example.secret("a"))
            server.store(Example.secret("b"))
            let rule: JSONTree = [
                "apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "watch", "list"],
                "resourceNames": ["a"],
            ]
            server.grant(["rules": [rule]], to: "admin", in: "demo")
            #expect(try await client.get(Self.secrets + "/a").status == 200)
            #expect(try await client.get(Self.secrets + "/b").status == 403)
            #expect(try await client.get(Self.secrets).status == 403)
            #expect(try await client.get(Self.secrets + "?fieldSelector=metadata.name%3Da").status == 200)
            #expect(try await client.get("/api/v1/namespaces/default/secrets/a").status == 403)
            #expect(try await client.send("DELETE", Self.secrets + "/a").status == 403)
        }
    }

    @Test("Refusals, drops and stalls happen as often as ordered")
    func faults() async throws {
        try await APIServerDouble.withServer { server async throws in
            let client = DoubleClient(server: server)
            server.refuse(429, reason: "TooManyRequests", times: 1, retryAfter: 7) { $0.verb == "list" }
            let refused = try await client.get(Self.secrets)
            #expect(refused.status == 429)
            #expect(refused.headers.contains { $0.name == "retry-after" && $0.value == "7" })
            #expect(try await client.get(Self.secrets).status == 200)
            server.drop(times: 1)
            await #expect(throws: CurlFailure.self) { try await client.get(Self.secrets) }
            server.stall(times: 1)
            async let stalled = client.get(Self.secrets)
            try await server.until("asked") { server.requests.count == 4 }
            await server.dropConnections()
            do {
                _ = try await stalled
                Issue.record("the answer is complete")
            } catch { #expect(error is CurlFailure) }
            server.latency = .milliseconds(60)
            let start = ContinuousClock.now
            #expect(try await client.get(Self.secrets).status == 200)
            #expect(ContinuousClock.now - start >= .milliseconds(60))
        }
    }

    @Test(
        "kubectl reads through each kind of kubeconfig",
        .enabled(if: granted(Tool.find("kubectl") != nil, orTell: "needs kubectl")))
    func kubectl() async throws {
        try await APIServerDouble.withServer { server async throws in
            server.store(Example.secret("a"))
            let folder = try TemporaryDirectory()
            let tokenFile = try folder.write("test-token", to: "token")
            let credential =
                #"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"test-token"}}"#
            let kinds: [(APIServerDouble.Credential, String)] = [
                (.token("test-token"), "admin"), (.tokenFile(tokenFile), "admin"),
                (.certificate(user: "by-certificate"), "by-certificate"),
                (.exec(command: "/bin/echo", arguments: [credential]), "admin"),
            ]
            let kubectl = try #require(Tool.find("kubectl"))
            for (number, (kind, user)) in kinds.enumerated() {
                let path = try folder.write(server.kubeconfig(kind, namespace: "demo"), to: "config\(number)")
                let command = Command(
                    kubectl, ["--kubeconfig", path, "get", "--raw", Self.secrets],
                    environment: ProcessEnvironment.current.merging(["HOME": folder.path]) { $1 })
                let result = try await command.run(timeout: .seconds(60))
                #expect(result.succeeded, "\(result.errorText)")
                #expect(result.outputText.contains("SecretList"))
                #expect(server.requests.last?.user == user)
            }
        }
    }
}
