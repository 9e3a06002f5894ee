// SPDX-License-Identifier: Apache-2.0
import JSON

/// Takes the payload's string out of the text of an envelope or a bundle, which comes in pieces of any length.
///
///     {"payload":"eyJf…","signatures":[…]}   ->   {"payload":"","signatures":[…]}   and the place of eyJf…
///
/// Only the strings and brackets of the text are understood: what is left, the frame, has to be read strictly afterwards.
/// That is enough, since the frame is the text up to the payload, whatever it is, and the text after it: where either is not
/// JSON the frame is not. A second payload stays in the frame, which then has two members of one name.
struct PayloadSplitter: Sendable {
    /// Bytes of an envelope or a bundle without its payload: certificates, log entries and timestamps have a few KiB each.
    static let frameBytes = 1 << 20
    /// Bytes of a name that could be one of the path: each character of it may be an escape.
    private static let nameBytes = 128

    private let path: [String]
    private(set) var frame: [UInt8] = []
    private(set) var isTooLarge = false
    /// Offset of the payload's first character in the text, which is also its place in the frame.
    private(set) var place: Int?
    private(set) var characters = 0
    /// Equals signs among the payload's last two characters.
    var padding: Int { (last.0 == UInt8(ascii: "=") ? 1 : 0) + (last.1 == UInt8(ascii: "=") ? 1 : 0) }
    private(set) var hasEscapes = false
    private(set) var isComplete = false

    private enum Place {
        case between, name, string, payload
    }

    private var at = Place.between
    /// After a backslash within a string.
    private var isEscaped = false
    private var depth = 0
    /// How many of the open containers, from the outermost one, are objects that the path leads through.
    private var onPath = 0
    private var expectsName = false
    private var name: [UInt8] = []
    /// The next value is the one that the path leads to.
    private var isNext = false
    private var last: (UInt8, UInt8) = (0, 0)

    init(_ form: UnreadProof.Form) {
        switch form {
        case .envelope: path = ["payload"]
        case .bundle: path = ["dsseEnvelope", "payload"]
        }
    }

    mutating func read(_ bytes: UnsafeRawBufferPointer) {
        var index = 0
        while index < bytes.count, !isTooLarge {
            if at == .payload {
                index = takePayload(bytes, from: index)
                continue
            }
            guard frame.count < Self.frameBytes else {
                isTooLarge = true
                frame = []
                return
            }
            frame.append(bytes[index])
            look(at: bytes[index])
            index += 1
        }
    }

    private mutating func takePayload(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\"") {
                break
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
                hasEscapes = true
            }
            index += 1
        }
        characters += index - start
        if index - start >= 2 {
            last = (bytes[index - 2], bytes[index - 1])
        } else if index - start == 1 {
            last = (last.1, bytes[index - 1])
        }
        if index < bytes.count {
            // The closing quotation mark is the frame's.
            at = .string
            isComplete = true
        }
        return index
    }

    private mutating func look(at byte: UInt8) {
        switch at {
        case .name, .string:
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                if at == .name { endName() }
                at = .between
                return
            }
            if at == .name, name.count <= Self.nameBytes { name.append(byte) }
        case .between: between(byte)
        case .payload: break
        }
    }

    private mutating func between(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""):
            if expectsName, depth == onPath {
                at = .name
                name = []
                expectsName = false
            } else {
                at = isNext && onPath == path.count && place == nil ? .payload : .string
                if at == .payload { place = frame.count }
                isNext = false
            }
        case UInt8(ascii: "{"):
            if depth == onPath, depth == 0 || isNext, onPath < path.count {
                onPath += 1
                expectsName = true
            }
            depth += 1
            isNext = false
        case UInt8(ascii: "["):
            depth += 1
            isNext = false
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if depth == onPath { onPath -= 1 }
            depth -= 1
            expectsName = false
        case UInt8(ascii: ","):
            expectsName = depth == onPath
            isNext = false
        default: break
        }
    }

    /// Names are compared by what they say, as the frame's reader does.
    private mutating func endName() {
        isNext = false
        guard onPath > 0, onPath <= path.count, name.count <= Self.nameBytes else { return }
        let quoted = Array("\"".utf8) + name + Array("\"".utf8)
        guard let text = try? JSONDocument(parsing: quoted).root.string else { return }
        isNext = text.isExactly(path[onPath - 1])
    }
}
