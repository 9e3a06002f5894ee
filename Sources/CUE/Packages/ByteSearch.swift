// SPDX-License-Identifier: Apache-2.0

/// Texts as their UTF-8, as Go's `strings` package cuts them.
extension [UInt8] {
    /// The first occurrence from `start` on; linear in the lengths (Knuth, Morris, Pratt), as both may be hostile.
    func position(of part: [UInt8], from start: Int = 0) -> Int? {
        guard start >= 0, part.count <= count - start else { return nil }
        guard !part.isEmpty else { return start }
        // How much of the part still stands before a byte that does not fit.
        var borders = [0]
        borders.reserveCapacity(part.count)
        var matched = 0
        for byte in part.dropFirst() {
            while matched > 0, part[matched] != byte { matched = borders[matched - 1] }
            if part[matched] == byte { matched += 1 }
            borders.append(matched)
        }
        matched = 0
        for at in start..<count {
            while matched > 0, part[matched] != self[at] { matched = borders[matched - 1] }
            if part[matched] == self[at] { matched += 1 }
            if matched == part.count { return at + 1 - part.count }
        }
        return nil
    }

    func lastPosition(of part: [UInt8]) -> Int? {
        [UInt8](reversed()).position(of: part.reversed()).map { count - part.count - $0 }
    }

    /// Cut at each separator, the last piece whole; an empty separator cuts after each character. At most `limit`
    /// pieces where it is above 0, and any number of them below 0.
    func split(by separator: [UInt8], keepingSeparator: Bool, limit: Int) -> [ArraySlice<UInt8>] {
        guard limit != 0 else { return [] }
        var pieces: [ArraySlice<UInt8>] = []
        var start = 0
        if separator.isEmpty {
            while start < count, limit < 0 || pieces.count < limit - 1 {
                let end = endOfCharacter(at: start)
                pieces.append(self[start..<end])
                start = end
            }
            if start < count { pieces.append(self[start...]) }
            return pieces
        }
        while limit < 0 || pieces.count < limit - 1, let found = position(of: separator, from: start) {
            pieces.append(self[start..<(keepingSeparator ? found + separator.count : found)])
            start = found + separator.count
        }
        pieces.append(self[start...])
        return pieces
    }

    /// Where the character ends that begins there.
    func endOfCharacter(at start: Int) -> Int {
        var end = start + 1
        while end < count, self[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }

    /// Occurrences that do not overlap; of nothing, one more than there are characters.
    func occurrences(of part: [UInt8]) -> Int {
        if part.isEmpty { return reduce(1) { $1 & 0xC0 == 0x80 ? $0 : $0 + 1 } }
        var count = 0
        var at = 0
        while let found = position(of: part, from: at) {
            count += 1
            at = found + part.count
        }
        return count
    }

    /// The first `limit` occurrences replaced, all below 0; nothing stands before each character and at the end.
    func replacing(_ old: [UInt8], with new: [UInt8], limit: Int) -> [UInt8] {
        var result: [UInt8] = []
        var done = 0
        var at = 0
        while limit < 0 || done < limit {
            if old.isEmpty {
                if at > count { break }
                result += new
                if at == count { return result }
                let end = endOfCharacter(at: at)
                result += self[at..<end]
                at = end
            } else {
                guard let found = position(of: old, from: at) else { break }
                result += self[at..<found]
                result += new
                at = found + old.count
            }
            done += 1
        }
        return result + dropFirst(at)
    }
}
