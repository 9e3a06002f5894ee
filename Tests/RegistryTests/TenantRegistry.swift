// SPDX-License-Identifier: Apache-2.0
import Demo
import FoundationEssentials
import ImageVerification
import OCI
import Policy
import Synchronization

@testable import Registry

/// How a registry answers whoever may not read a repository. Each answers so too where there is none, as registries do
/// that tell nobody what they hold.
enum TenantRefusal: String, CaseIterable, Sendable {
    /// 401 to whoever brings no password.
    case password
    /// The token service gives nobody a token without one: 401, or 403.
    case noToken, forbiddenToken
    /// Everybody gets a token, and with it 401, 403 or 404.
    case insufficientScope, forbidden, hidden

    var takesTokens: Bool { self != .password }
}

/// A registry in which one team holds a private repository, and an operator another one with proofs.
final class TenantRegistry: Sendable {
    static let secret = "team-a/secret"
    /// Repositories that never are; their names are as long as the private one's.
    static let absent = "team-a/absent"
    static let neverAsked = "team-a/nobody"
    static let proofs = "operator/proofs"

    let contents = RegistryContents()
    let refusal: TenantRefusal
    let signer = DemoSigner()
    /// Under `v1`.
    let image: Digest
    private let answers: RegistryProtocol

    init(_ refusal: TenantRefusal) throws {
        self.refusal = refusal
        answers = RegistryProtocol(contents: contents, options: LoopbackOptions())
        let pushed = DemoImage(content: "secret")
        image = contents.put(pushed, in: Self.secret, tag: "v1")
        contents.put(pushed, in: Self.proofs)
        for repository in [Self.secret, Self.proofs] {
            try contents.attach(
                bundle: try signer.bundle(DemoStatement.signature(of: image)),
                predicateType: DemoStatement.signPredicate, to: image, in: repository, referrersAPI: true)
        }
    }

    func answer(_ request: ScriptedRequest, host: String) -> ScriptedAnswer {
        let user = user(request.authorization)
        if request.path == "/token" { return token(to: user) }
        if mayRead(user, request.path) {
            let answer = answers.answer(to: RegistryRequest(method: request.method, target: request.target), host: host)
            return ScriptedAnswer(answer.status, headers: answer.headers.map { ($0.name, $0.value) }, answer.body)
        }
        let isNobody = request.authorization == nil
        let challenge =
            refusal.takesTokens
            ? #"Bearer realm="http://\#(host)/token",service="r""# : #"Basic realm="r""#
        switch refusal {
        case _ where isNobody, .password, .noToken, .forbiddenToken, .insufficientScope:
            return ScriptedAnswer(401, headers: [("WWW-Authenticate", challenge)], Self.error("UNAUTHORIZED"))
        case .forbidden: return ScriptedAnswer(403, Self.error("DENIED"))
        case .hidden:
            return ScriptedAnswer(404, headers: [("Content-Type", "application/json")], Self.error("NAME_UNKNOWN"))
        }
    }

    private func token(to user: String?) -> ScriptedAnswer {
        switch (user, refusal) {
        case (nil, .noToken): ScriptedAnswer(401, "{}")
        case (nil, .forbiddenToken): ScriptedAnswer(403, "{}")
        default: ScriptedAnswer(200, #"{"token":"\#(user ?? "anybody")","expires_in":300}"#)
        }
    }

    private func mayRead(_ user: String?, _ path: String) -> Bool {
        switch user {
        case "one": path.hasPrefix("/v2/team-a/")
        case "own": path.hasPrefix("/v2/\(Self.proofs)/")
        default: false
        }
    }

    private func user(_ authorization: String?) -> String? {
        for user in ["one", "own"] {
            let password = "Basic " + Data("\(user):pw".utf8).base64EncodedString()
            if authorization == password || (refusal.takesTokens && authorization == "Bearer \(user)") { return user }
        }
        return nil
    }

    private static func error(_ code: String) -> String { #"{"errors":[{"code":"\#(code)","message":"no"}]}"# }
}

/// A client of registries between the caches and the network that can be made to err, and to wait.
final class TenantSource: EvidenceSource {
    private let client: RegistryClient
    /// Whether credentials are told apart by what is remembered; else all are one.
    private let discerns: Bool
    private let gate = Mutex<(isShut: Bool, held: Int)>((false, 0))

    init(_ client: RegistryClient, discerns: Bool) {
        self.client = client
        self.discerns = discerns
    }

    /// Questions with a credential wait from now on; those without go through.
    func shut() { gate.withLock { $0.isShut = true } }
    func open() { gate.withLock { $0.isShut = false } }
    /// How many questions have had to wait.
    var held: Int { gate.withLock { $0.held } }

    private func pass(_ shown: ShownCredential) async {
        guard shown.credential != nil else { return }
        var isCounted = false
        while gate.withLock({ $0.isShut }) {
            if !isCounted { gate.withLock { $0.held += 1 } }
            isCounted = true
            try? await Task.sleep(for: .milliseconds(2))
            if Task.isCancelled { return }
        }
    }

    private func told(_ shown: ShownCredential) -> ShownCredential {
        discerns ? shown : ShownCredential(shown.credential, fingerprint: .none)
    }

    func knownCredential(for access: RepositoryAccess) -> ShownCredential? {
        client.knownCredential(for: access).map(told)
    }

    func credential(for access: RepositoryAccess, deadline: Deadline) async throws(Outage) -> ShownCredential {
        told(try await client.credential(for: access, deadline: deadline))
    }

    func resolve(
        _ reference: ImageReference, showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ResolutionLookup {
        await pass(shown)
        return try await client.resolve(reference, showing: shown, deadline: deadline)
    }

    func proofs(
        of image: ResolvedImage, kind: ProofKind, scope: ProofScope, at place: ProofPlace,
        showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ProofLookup {
        await pass(shown)
        return try await client.proofs(
            of: image, kind: kind, scope: scope, at: place, showing: shown, deadline: deadline)
    }

    func configurations(
        of image: ResolvedImage, showing shown: ShownCredential, deadline: Deadline
    ) async throws(Outage) -> ConfigurationLookup {
        await pass(shown)
        return try await client.configurations(of: image, showing: shown, deadline: deadline)
    }
}
