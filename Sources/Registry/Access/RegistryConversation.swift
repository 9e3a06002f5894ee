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
}

/// Requests with whatever access they need, sent again where that may help.
struct RegistryConversation: Sendable {
    let http: OutboundHTTP
    let tokens: TokenStore
    let retries: RetryPolicy
    let counters: RegistryCounters

    /// The answer to a question, of any status but 401.
    ///
    /// The first request shows the last grant, a new one if that has expired, or nothing; a 401 is answered with a new
    /// grant, once. A second 401 is an outage.
    func answer(
        _ question: RegistryQuestion, of endpoint: RegistryEndpoint, as credential: RegistryCredential?,
        deadline: ContinuousClock.Instant
    ) async throws(RegistryFailure) -> OutboundResponse {
        let key = TokenStore.Key(
            origin: endpoint.origin, path: endpoint.repository.path, credential: CredentialFingerprint(credential))
        var authorization = try await standing(key, endpoint, credential, deadline: deadline)
        for attempt in 0..<2 {
            var request = OutboundRequest(
                .get, question.url, maximumBodyBytes: question.maximumBodyBytes, deadline: deadline,
                mayReachLoopback: endpoint.isLoopback)
            request.headers = [("Accept", question.accept)]
            request.expectedDigest = question.expectedDigest
            request.admits = question.admits
            request.authorization = authorization
            let response = try await send(request, question.kind, service: endpoint.repository.host)
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
        deadline: ContinuousClock.Instant
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
        _ credential: RegistryCredential?, deadline: ContinuousClock.Instant
    ) async throws(RegistryFailure) -> Authorization {
        let exchange = TokenExchange(endpoint: endpoint, credential: credential)
        let service = endpoint.repository.host
        do throws(Outage) {
            return try await tokens.grant(key, rejected: rejected, service: service) {
                () async throws(Outage) -> TokenStore.Grant in
                switch try exchange.step(challenges, deadline: deadline) {
                case .granted(let grant): return grant
                case .ask(let request, let challenge):
                    do throws(RegistryFailure) {
                        let response = try await send(request, .token, service: service)
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

    /// Sends a request, again where the answer is a transient one and the deadline leaves time.
    private func send(
        _ request: OutboundRequest, _ kind: RegistryCounters.RequestKind, service: String
    ) async throws(RegistryFailure) -> OutboundResponse {
        var retry = 0
        while true {
            counters.count(kind, host: service)
            let result: Result<OutboundResponse, TransportError>
            do throws(TransportError) {
                result = .success(try await http.send(request))
            } catch {
                result = .failure(error)
            }
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

    /// `nil` where asking again is of no use.
    private func delay(
        beforeRetry number: Int, _ result: Result<OutboundResponse, TransportError>
    ) -> Duration? {
        switch result {
        case .failure(let error):
            return error.isTransient ? retries.delay(beforeRetry: number, retryAfter: nil) : nil
        case .success(let response):
            guard retries.isTransient(response.status) else { return nil }
            let asked = response.headers["retry-after"].flatMap {
                RetryAfter.parse($0, now: Int64(Date().timeIntervalSince1970))
            }
            return retries.delay(beforeRetry: number, retryAfter: asked)
        }
    }
}
