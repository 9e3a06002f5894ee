// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Crypto
import NIOCore
import NIOHTTP1

/// Reads a body within its limit, hashing while it streams.
enum BodyReading {
    /// Enough to let a connection live on after an error page; a longer page costs the connection.
    private static let maximumDiscardedBytes = 64 << 10

    /// Nothing is allocated from a `Content-Length`, which may lie; a length beyond the limit is refused at once. What goes
    /// into a sink is not kept.
    static func read(
        _ response: HTTPClientResponse, for request: OutboundRequest, host: String
    ) async throws -> [UInt8] {
        let limit = request.maximumBodyBytes
        if request.method != .head, let length = response.headers.first(name: "content-length").flatMap({ Int($0) }),
            length > limit
        {
            throw TransportError.tooLarge(host: host, limit: limit)
        }
        var hash = request.expectedDigest.map { StreamedHash($0.algorithm) }
        var body: [UInt8] = []
        var count = 0
        request.sink?.begin()
        for try await chunk in response.body {
            // The limit comes first: no byte beyond it is kept.
            guard chunk.readableBytes <= limit - count, request.admits?(chunk.readableBytes) ?? true else {
                throw TransportError.tooLarge(host: host, limit: limit)
            }
            hash?.update(chunk)
            count += chunk.readableBytes
            if let sink = request.sink {
                chunk.withUnsafeReadableBytes { sink.take($0) }
            } else {
                body.append(contentsOf: chunk.readableBytesView)
            }
        }
        if let expected = request.expectedDigest, let hash, hash.hex != expected.hex {
            throw TransportError.wrongDigest(host: host)
        }
        return body
    }

    static func discard(_ response: HTTPClientResponse) async throws {
        var count = 0
        for try await chunk in response.body {
            count += chunk.readableBytes
            if count > maximumDiscardedBytes { return }
        }
    }
}

/// SHA-256 or SHA-512 of bytes as they come.
private enum StreamedHash {
    case sha256(SHA256)
    case sha512(SHA512)

    init(_ algorithm: ExpectedDigest.Algorithm) {
        self = algorithm == .sha256 ? .sha256(SHA256()) : .sha512(SHA512())
    }

    mutating func update(_ chunk: ByteBuffer) {
        chunk.withUnsafeReadableBytes { bytes in
            switch self {
            case .sha256(var hash):
                hash.update(bufferPointer: bytes)
                self = .sha256(hash)
            case .sha512(var hash):
                hash.update(bufferPointer: bytes)
                self = .sha512(hash)
            }
        }
    }

    var hex: String {
        switch self {
        case .sha256(let hash): Self.lowerHex(hash.finalize())
        case .sha512(let hash): Self.lowerHex(hash.finalize())
        }
    }

    private static func lowerHex(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
