// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import JSON
import OCI
import Policy

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How a challenge is met: distribution's token specification, and its OAuth 2 form for identity tokens.
///
/// Where secrets go:
/// - to the registry itself, and to the realm that the registry named, over connections that nobody on the way reads or
///   alters: TLS, or loopback. A registry that is spoken to in plain HTTP by flag is shown no secret, and the realm it names
///   neither, since anybody on the way could have named it;
/// - a realm is `https`, or at the registry's own host where that is spelled as loopback;
/// - a redirect away from the realm loses the secret (`RedirectRules`), and a POST is not redirected at all.
///
/// The scope asked for is always pulling from this repository, whatever scope the challenge suggests.
struct TokenExchange: Sendable {
    let endpoint: RegistryEndpoint
    let credential: RegistryCredential?

    /// Access tokens of the large clouds have 2 to 4 KiB.
    private static let maximumTokenBytes = 32 << 10
    static let maximumAnswerBytes = 256 << 10
    /// The specification's default, and the least: a shorter one could not be used before it ends.
    private static let minimumLifetime: Int64 = 60
    /// A revoked access must not live on for long.
    private static let maximumLifetime: Int64 = 3600
    private static let basicLifetime = Duration.seconds(300)

    private var service: String { endpoint.repository.host }

    enum Step: Sendable {
        case granted(TokenStore.Grant)
        case ask(OutboundRequest, Challenge)
    }

    /// What a 401 with these challenges calls for.
    func step(
        _ challenges: [Challenge], deadline: ContinuousClock.Instant
    ) throws(Outage) -> Step {
        if credential != nil, !endpoint.isPrivate {
            throw Outage(
                .forbidden, service: service,
                detail: "credentials are not shown over plain HTTP; use TLS, or remove the credentials")
        }
        if let challenge = challenges.first(where: { $0.scheme == "bearer" && $0.parameters["realm"] != nil }) {
            return .ask(try tokenRequest(challenge, deadline: deadline), challenge)
        }
        if let challenge = challenges.first(where: { $0.scheme == "basic" }), let authorization = basic {
            let expiry = ContinuousClock.now.advanced(by: Self.basicLifetime)
            return .granted(TokenStore.Grant(authorization: authorization, expiry: expiry, challenge: challenge))
        }
        throw Outage(
            .unauthorized, service: service,
            detail: credential == nil
                ? "it asks for credentials, and there are none for \(endpoint.repository)"
                : "it asks for credentials in a way that these do not serve")
    }

    private var basic: Authorization? {
        guard case .basic(let username, let password) = credential else { return nil }
        return Authorization("Basic " + Data("\(username):\(password)".utf8).base64EncodedString())
    }

    private func tokenRequest(
        _ challenge: Challenge, deadline: ContinuousClock.Instant
    ) throws(Outage) -> OutboundRequest {
        let realm = try realm(challenge)
        var parameters: [(String, String)] = []
        if let service = challenge.parameters["service"] { parameters.append(("service", service)) }
        parameters.append(("scope", "repository:\(endpoint.repository.path):pull"))
        if case .identityToken(let token) = credential {
            parameters += [
                ("grant_type", "refresh_token"), ("client_id", "countersign"), ("refresh_token", token),
            ]
            var request = OutboundRequest(
                .post, realm, maximumBodyBytes: Self.maximumAnswerBytes, deadline: deadline,
                mayReachLoopback: endpoint.isLoopback)
            request.headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")]
            request.body = Array(Self.form(parameters).utf8)
            return request
        }
        let separator = realm.target.utf8.contains(UInt8(ascii: "?")) ? "&" : "?"
        let url: RequestURL
        do throws(RequestURLFault) {
            url = try RequestURL(
                scheme: realm.scheme, host: realm.host, port: realm.port,
                target: realm.target + separator + Self.form(parameters))
        } catch {
            throw Outage(.malfunction, service: service, detail: "its token service has no usable address: \(error)")
        }
        var request = OutboundRequest(
            .get, url, maximumBodyBytes: Self.maximumAnswerBytes, deadline: deadline,
            mayReachLoopback: endpoint.isLoopback)
        request.headers = [("Accept", "application/json")]
        request.authorization = basic
        return request
    }

    private func realm(_ challenge: Challenge) throws(Outage) -> RequestURL {
        let realm: RequestURL
        do throws(RequestURLFault) {
            realm = try RequestURL(parsing: challenge.parameters["realm"] ?? "")
        } catch {
            throw Outage(.malfunction, service: service, detail: "its token service has no usable address: \(error)")
        }
        guard realm.scheme == .https || (endpoint.isLoopback && realm.host == endpoint.host) else {
            throw Outage(
                .forbidden, service: service,
                detail: "its token service is at plain HTTP, where no token is asked for")
        }
        return realm
    }

    /// The grant that a token service's answer holds.
    func grant(_ response: OutboundResponse, _ challenge: Challenge) throws(Outage) -> TokenStore.Grant {
        guard response.status == 200 else {
            throw .status(response.status, service: service, asking: "an access token")
        }
        let malfunction = Outage(
            .malfunction, service: service, detail: "its token service sent no access token that can be read")
        guard let answer = try? JSONDocument(parsing: response.body, limits: Self.limits).root,
            let token = answer["token"]?.string ?? answer["access_token"]?.string,
            (1...Self.maximumTokenBytes).contains(token.utf8.count),
            token.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else { throw malfunction }
        let seconds = min(
            max(answer["expires_in"]?.integer ?? Self.minimumLifetime, Self.minimumLifetime), Self.maximumLifetime)
        // A tenth is left for clocks that run apart and for the way there.
        let expiry = ContinuousClock.now.advanced(by: .seconds(seconds * 9 / 10))
        return TokenStore.Grant(authorization: Authorization("Bearer \(token)"), expiry: expiry, challenge: challenge)
    }

    private static let limits = JSONLimits(
        maximumBytes: maximumAnswerBytes, maximumDepth: 16, maximumValues: 4096)

    /// `application/x-www-form-urlencoded`, which a query takes as well.
    static func form(_ parameters: [(String, String)]) -> String {
        parameters.map { "\($0)=\(escaped($1))" }.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var escaped: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                escaped.append(byte)
            case _ where "-._~".utf8.contains(byte):
                escaped.append(byte)
            default:
                escaped += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: escaped, as: UTF8.self)
    }
}
