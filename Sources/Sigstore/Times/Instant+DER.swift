// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

extension ASN1Node {
    /// The instant of a `GeneralizedTime`.
    var generalizedTime: Instant? {
        guard identifier == .generalizedTime, case .primitive(let text) = content else { return nil }
        return Instant(generalizedTime: text)
    }

    /// The instant of a `Time`: either form.
    var time: Instant? {
        guard identifier == .utcTime, case .primitive(let text) = content else { return generalizedTime }
        return Instant(utcTime: text)
    }
}

// The library's own reader makes a floating-point number of a fraction; here it is exact, and as long as it may be.
extension Instant {
    /// The text of a `GeneralizedTime` of a timestamp: `YYYYMMDDhhmmss[.fraction]Z`, the fraction without trailing
    /// zeros. RFC 3161 §2.4.2.
    ///
    /// `nil` also for more than nine digits of fraction, which no known authority writes: cut off, the time would be
    /// earlier than the one that was witnessed, and could reach into a period that it is outside of.
    init?(generalizedTime text: some Collection<UInt8>) { self.init(Array(text), yearLength: 4) }

    /// The text of a `UTCTime`: `YYMMDDhhmmssZ`, of the years 1950 to 2049. RFC 5652 §11.3.
    init?(utcTime text: some Collection<UInt8>) {
        guard text.count == 13 else { return nil }
        self.init(Array(text), yearLength: 2)
    }

    private init?(_ text: [UInt8], yearLength: Int) {
        let whole = yearLength + 10
        guard (whole + 1)...(whole + 11) ~= text.count, text.last == UInt8(ascii: "Z"),
            let year = number(text[..<yearLength]),
            let month = number(text[yearLength..<(yearLength + 2)]),
            let day = number(text[(yearLength + 2)..<(yearLength + 4)]),
            let hour = number(text[(yearLength + 4)..<(yearLength + 6)]),
            let minute = number(text[(yearLength + 6)..<(yearLength + 8)]),
            let second = number(text[(yearLength + 8)..<whole]),
            let nanoseconds = Self.nanoseconds(text[whole...].dropLast())
        else { return nil }
        let century = yearLength == 4 ? 0 : year < 50 ? 2000 : 1900
        self.init(
            year: century + year, month: month, day: day, hour: hour, minute: minute, second: second,
            nanoseconds: nanoseconds)
    }

    /// Of nothing, or of a point and one to nine digits that do not end with zero.
    private static func nanoseconds(_ fraction: ArraySlice<UInt8>) -> UInt32? {
        guard let point = fraction.first else { return 0 }
        let digits = fraction.dropFirst()
        guard point == UInt8(ascii: "."), 1...9 ~= digits.count, digits.last != UInt8(ascii: "0"),
            let value = number(digits + [UInt8](repeating: UInt8(ascii: "0"), count: 9 - digits.count))
        else { return nil }
        return UInt32(value)
    }
}
