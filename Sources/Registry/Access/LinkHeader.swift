// SPDX-License-Identifier: Apache-2.0

/// `Link` headers, as far as pagination needs them. RFC 8288 §3.
enum LinkHeader {
    /// The target of the first link whose relation is `next`; `nil` where there is none.
    static func next(_ values: [String]) -> String? {
        for value in values {
            var reader = HeaderReader(value)
            while true {
                reader.skip { $0 == UInt8(ascii: ",") || HeaderReader.isSpace($0) }
                guard reader.take(UInt8(ascii: "<")), let target = reader.text(upTo: UInt8(ascii: ">")) else { break }
                if isNext(&reader) { return target }
            }
        }
        return nil
    }

    private static func isNext(_ reader: inout HeaderReader) -> Bool {
        var isNext = false
        while true {
            reader.skip(HeaderReader.isSpace)
            guard reader.take(UInt8(ascii: ";")) else { return isNext }
            reader.skip(HeaderReader.isSpace)
            guard let name = reader.token() else { continue }
            reader.skip(HeaderReader.isSpace)
            guard reader.take(UInt8(ascii: "=")) else { continue }
            reader.skip(HeaderReader.isSpace)
            guard let value = reader.quotedString() ?? reader.token() else { return isNext }
            if name.lowercased() == "rel" {
                isNext = isNext || value.lowercased().split(separator: " ").contains("next")
            }
        }
    }
}
