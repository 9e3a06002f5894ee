// SPDX-License-Identifier: Apache-2.0

/// Which answers are followed elsewhere, and what travels along. A pure function of what is known.
enum RedirectRules {
    /// Registries redirect once, to their object store; browsers give up at 20.
    static let maximumHops = 5

    private static let statuses: Set<Int> = [301, 302, 303, 307, 308]

    /// The next request; `nil` where the answer is no redirect.
    ///
    /// - From HTTPS never to plain HTTP.
    /// - Credentials stay with scheme, host and port, and do not come back if a later hop returns there.
    /// - Whether plain HTTP, loopback or the address are allowed at all is judged anew for each hop, by the sender.
    static func next(
        after request: OutboundRequest, status: Int, location: String?, hops: Int
    ) throws(TransportError) -> OutboundRequest? {
        guard statuses.contains(status) else { return nil }
        let host = "\(request.url.host)"
        guard request.method != .post else { throw .redirect(host: host, .notOfGET) }
        guard hops < maximumHops else { throw .redirect(host: host, .tooMany(limit: maximumHops)) }
        guard let location else { throw .redirect(host: host, .noLocation) }
        var next = request
        next.mayReachMetadataServer = false
        do throws(RequestURLFault) {
            next.url = try request.url.resolving(location)
        } catch {
            throw .redirect(host: host, .invalidLocation(error))
        }
        if request.url.scheme == .https, next.url.scheme == .http { throw .redirect(host: host, .toPlainHTTP) }
        if next.url.origin != request.url.origin { next.authorization = nil }
        return next
    }
}
