// SPDX-License-Identifier: Apache-2.0
import HTTPTypes
import HummingbirdCore
import NIOCore

/// One response of ours: a status, a short body, and whether the connection ends with it.
struct HTTPAnswer: Sendable {
    let status: Int
    let contentType: String
    let body: [UInt8]
    var allow: String?

    static let plainText = "text/plain; charset=utf-8"
    static let json = "application/json"

    init(status: Int, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// A sentence, with a line feed for whoever reads it in a terminal.
    init(_ status: Int, _ sentence: String, allow: String? = nil) {
        self.init(status: status, contentType: Self.plainText, body: Array("\(sentence)\n".utf8))
        self.allow = allow
    }

    @concurrent func send(_ writer: consuming ResponseWriter, closing: Bool, withBody: Bool = true) async throws {
        var head = HTTPResponse(status: HTTPResponse.Status(code: (200...599).contains(status) ? status : 500))
        head.headerFields[.contentType] = contentType
        head.headerFields[.contentLength] = String(body.count)
        if let allow { head.headerFields[.allow] = allow }
        if closing { head.headerFields[.connection] = "close" }
        let content = withBody ? ResponseBody(byteBuffer: ByteBuffer(bytes: body)) : ResponseBody()
        try await writer.write(response: head, body: content)
    }
}

/// The HTTP version of a request, as far as it matters here.
enum HTTPVersion: Sendable {
    case http1, http2

    /// An HTTP/2 stream is the child of a connection, which is the child of the listener; an HTTP/1.1 connection is the
    /// listener's own child.
    init(of channel: any Channel) { self = channel.parent?.parent == nil ? .http1 : .http2 }
}
