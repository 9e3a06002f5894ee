// SPDX-License-Identifier: Apache-2.0
import HTTPTransport
import ImageVerification
import OCI
import Policy

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One question to a registry.
struct RegistryQuestion: Sendable {
    let kind: RegistryCounters.RequestKind
    let url: RequestURL
    let accept: String
    let maximumBodyBytes: Int
    var expectedDigest: ExpectedDigest?
    /// See `OutboundRequest.admits`.
    var admits: (@Sendable (Int) -> Bool)?
    /// See `OutboundRequest.sink`.
    var sink: (any BodySink)?
}

/// Requests with whatever access they need, sent again where that may help.
struct RegistryConversation: Sendable {
    let http: OutboundHTTP
    let tokens: TokenStore
    let retries: RetryPolicy
    let counters: RegistryCounters
    /// `nil` lets every request go at once; for tests.
    let governor: RegistryGovernor?

    /// The answer to a question, of any status but 401.
    ///
    /// The first request shows the last grant, a new one if that has expired, or nothing; a 401 is answered with a new
    /// grant, once. A second 401 is an outage.
    func answer(
        _ question: RegistryQuestion, of endpoint: RegistryEndpoint, as shown: ShownCredential,
        deadline: Deadline
    ) async throws(RegistryFailure) -> OutboundResponse {
        let credential = shown.credential
        let key = RepositoryAsShown(
            origin: endpoint.origin, path: endpoint.repository.path, credential: shown.fingerprint)
        var authorization = try await standing(key, endpoint, credential, deadline: deadline)
        for attempt in 0..<2 {
            var request = OutboundRequest(
                .get, question.url, maximumBodyBytes: question.maximumBodyBytes, deadline: deadline.instant,
                mayReachLoopback: endpoint.isLoopback)
            request.headers = [("Accept", question.accept)]
            request.expectedDigest = question.expectedDigest
            request.admits = question.admits
            request.sink = question.sink
            request.authorization = authorization
            let response = try await send(
                request, question.kind, service: endpoint.repository.host, as: key.credential,
                turnsUntil: deadline.turnsUntil)
            // A challenge by the place that a redirect leads to is not the registry's.
            guard response.status == 401, response.url.origin == endpoint.origin, attempt == 0 else {
                return try refusing401(response, endpoint)
            }
            if case .registryToken = credential { return try refusing401(response, endpoint) }
            authorization = try await grant(
                key, Challenge.parse(response.headers.all("www-authenticate")), rejected: authorization, endpoint,
                credential, deadline: deadline)
        }
        throw .outage(.status(401, service: endpoint.repository.host, asking: "\(endpoint.repository)"))
    }

    private func refusing401(
        _ response: OutboundResponse, _ endpoint: RegistryEndpoint
    ) throws(RegistryFailure) -> OutboundResponse {
        guard response.status == 401 else { return response }
        throw .outage(.status(401, service: endpoint.repository.host, asking: "\(endpoint.repository)"))
    }

    private func standing(
        _ key: TokenStore.Key, _ endpoint: RegistryEndpoint, _ credential: RegistryCredential?,
        deadline: Deadline
    ) async throws(RegistryFailure) -> Authorization? {
        if case .registryToken(let token) = credential {
            return endpoint.isPrivate ? Authorization("Bearer \(token)") : nil
        }
        guard let last = tokens.last(key) else { return nil }
        if last.expiry > .now { return last.authorization }
        return try await grant(
            key, [last.challenge], rejected: nil, endpoint, credential, deadline: deadline)
    }

    private func grant(
        _ key: TokenStore.Key, _ challenges: [Challenge], rejected: Authorization?, _ endpoint: RegistryEndpoint,
        _ credential: RegistryCredential?, deadline: Deadline
    ) async throws(RegistryFailure) -> Authorization {
        let exchange = TokenExchange(endpoint: endpoint, credential: credential)
        let service = endpoint.repository.host
        do throws(Outage) {
            return try await tokens.grant(key, rejected: rejected, service: service) {
                () async throws(Outage) -> TokenStore.Grant in
                switch try exchange.step(challenges, deadline: deadline.instant) {
                case .granted(let grant): return grant
                case .ask(let request, let challenge):
                    do throws(RegistryFailure) {
                        let response = try await send(
                            request, .token, service: service, as: key.credential, turnsUntil: deadline.turnsUntil)
                        do throws(Outage) {
                            return try exchange.grant(response, challenge)
                        } catch {
                            throw .outage(error)
                        }
                    } catch {
                        throw error.outage(service: service)
                    }
                }
            }.authorization
        } catch {
            throw .outage(error)
        }
    }

    /// Sends a request when its turn comes, again where the answer is a transient one and the deadline leaves time.
    private func send(
        _ request: OutboundRequest, _ kind: RegistryCounters.RequestKind, service: String,
        as credential: CredentialFingerprint, turnsUntil: ContinuousClock.Instant
    ) async throws(RegistryFailure) -> OutboundResponse {
        var retry = 0
        while true {
            let result = try await sendOnce(request, kind, service: service, as: credential, turnsUntil: turnsUntil)
            retry += 1
            guard retry <= retries.retries, let delay = delay(beforeRetry: retry, result),
                ContinuousClock.now.advanced(by: delay) < request.deadline
            else {
                do throws(TransportError) { return try result.get() } catch { throw .transport(error) }
            }
            do {
                try await Task.sleep(for: delay)
            } catch {
                throw .transport(.cancelled(host: "\(request.url.host)"))
            }
        }
    }

    private func sendOnce(
        _ request: OutboundRequest, _ kind: RegistryCounters.RequestKind, service: String,
        as credential: CredentialFingerprint, turnsUntil: ContinuousClock.Instant
    ) async throws(RegistryFailure) -> Result<OutboundResponse, TransportError> {
        let leave: RegistryGovernor.Leave?
        do {
            leave = try await governor?.enter(
                RegistryGovernor.Party(origin: request.url.origin, credential: credential), until: turnsUntil)
        } catch let late as RegistryGovernor.TooLate {
            counters.count(.refused, host: service)
            throw .outage(Self.tooLate(late, request.url, service: service))
        } catch {
            throw .transport(.cancelled(host: "\(request.url.host)"))
        }
        if leave?.hasWaited == true { counters.count(.waited, host: service) }
        counters.count(kind, host: service)
        let result: Result<OutboundResponse, TransportError>
        do throws(TransportError) {
            result = .success(try await http.send(request))
        } catch {
            result = .failure(error)
        }
        let answer = Self.answer(result)
        if case .limited = answer { counters.countLimited(host: service) }
        if let leave { governor?.leave(leave, answer) }
        return result
    }

    /// Whether an answer asks for fewer requests, and for which silence.
    private static func answer(_ result: Result<OutboundResponse, TransportError>) -> RegistryGovernor.Answer {
        guard case .success(let response) = result else { return .none }
        let silence = retryAfter(response)
        switch response.status {
        case 429: return .limited(retryAfter: silence)
        case 503 where silence != nil: return .limited(retryAfter: silence)
        case 500...: return .none
        default: return .answered
        }
    }

    private static func retryAfter(_ response: OutboundResponse) -> Duration? {
        response.headers["retry-after"].flatMap {
            RetryAfter.parse($0, now: Int64(Date().timeIntervalSince1970))
        }
    }

    private static func tooLate(_ late: RegistryGovernor.TooLate, _ url: RequestURL, service: String) -> Outage {
        let wait = ContinuousClock.now.duration(to: late.turn)
        let time = Date().addingTimeInterval(Double(wait.components.seconds + 1))
        return Outage(
            .rateLimited, service: service,
            detail: "rate limited by \(url.authority) until \(time.ISO8601Format()), which is too late for an answer")
    }

    /// `nil` where asking again is of no use.
    private func delay(
        beforeRetry number: Int, _ result: Result<OutboundResponse, TransportError>
    ) -> Duration? {
        switch result {
        case .failure(let error):
            return error.isTransient ? retries.delay(beforeRetry: number, retryAfter: nil) : nil
        case .success(let response):
            guard retries.isTransient(response.status) else { return nil }
            // A silence that the registry asks for is kept by the governor, and explained where it is too long.
            if governor != nil, case .limited = Self.answer(result) {
                return retries.delay(beforeRetry: number, retryAfter: nil)
            }
            return retries.delay(beforeRetry: number, retryAfter: Self.retryAfter(response))
        }
    }
}
