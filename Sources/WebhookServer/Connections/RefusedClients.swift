// SPDX-License-Identifier: Apache-2.0
import Logging
import NIOCore
import NIOSSL
import NIOTLS
import Synchronization

/// The log of clients that were turned away before a byte of a request was read: one line a second at most, so that
/// whoever may connect cannot fill the log.
final class RefusedClients: Sendable {
    private struct State {
        var lastLine: ContinuousClock.Instant?
        /// Since the last line.
        var leftOut = 0
    }

    private static let interval: Duration = .seconds(1)

    private let logger: Logger
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    init(logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.logger = logger
        self.now = now
    }

    /// - Parameter reason: in our words; of the client's own nothing is told but its address.
    func note(_ reason: String, from address: SocketAddress?) {
        let now = now()
        let leftOut = state.withLock { state -> Int? in
            if let last = state.lastLine, last.duration(to: now) < Self.interval {
                state.leftOut += 1
                return nil
            }
            defer { state = State(lastLine: now) }
            return state.leftOut
        }
        guard let leftOut else { return }
        var metadata: Logger.Metadata = [
            "reason": .string(reason), "client": .string(address?.ipAddress ?? ""),
        ]
        if leftOut > 0 { metadata["leftOut"] = .stringConvertible(leftOut) }
        logger.notice("a client was refused", metadata: metadata)
    }
}

/// Tells of a TLS handshake that failed. Stands right behind TLS, whose errors come by here first.
final class HandshakeFailures: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let refused: RefusedClients
    private var isOver = false

    init(refused: RefusedClients) { self.refused = refused }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent { isOver = true }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if !isOver, let reason = Self.reason(for: error) {
            isOver = true
            refused.note(reason, from: context.channel.remoteAddress)
        }
        context.fireErrorCaught(error)
    }

    /// `nil` for who went away without a word, as those do who only look whether the port is open.
    static func reason(for error: any Error) -> String? {
        // BoringSSL's error stack has no public cases; its text is made by the library, from names of its own.
        let text = String(describing: error)
        let reasons = [
            ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "it showed no client certificate"),
            ("CERTIFICATE_VERIFY_FAILED", "its certificate is none that --client-ca lets in"),
            ("ALERT_UNKNOWN_CA", "it does not trust our certificate's authority"),
            ("ALERT_BAD_CERTIFICATE", "it did not take our certificate"),
            // OpenSSL's clients tell it in the clear when TLS 1.3 has begun to encrypt.
            ("BAD_PACKET_LENGTH", "it broke off, mostly for who does not trust our certificate's authority"),
            ("ALERT_CERTIFICATE_EXPIRED", "our certificate has ended for it"),
            ("ALERT_CERTIFICATE_UNKNOWN", "it did not take our certificate"),
            ("UNSUPPORTED_PROTOCOL", "it speaks no version of TLS from 1.2 on"),
            ("HTTP_REQUEST", "it speaks plain HTTP"),
            ("WRONG_VERSION_NUMBER", "it does not speak TLS"),
            ("NO_SHARED_CIPHER", "it has no cipher in common with us"),
        ]
        for (name, reason) in reasons where text.contains(name) { return reason }
        guard let mark = text.firstRange(of: "OPENSSL_internal:") else { return nil }
        let name = text[mark.upperBound...].prefix { $0.isUppercase || $0.isNumber || $0 == "_" }
        return "the TLS handshake failed: \(name)"
    }
}
