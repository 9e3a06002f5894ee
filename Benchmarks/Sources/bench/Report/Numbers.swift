// SPDX-License-Identifier: Apache-2.0

/// A number with so many digits behind the point, `–` for none.
func decimals(_ number: Double?, _ places: Int = 0) -> String {
    guard let number, number.isFinite else { return "–" }
    var factor = 1.0
    for _ in 0..<places { factor *= 10 }
    let scaled = Int((number.magnitude * factor).rounded())
    let sign = number < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return sign + grouped(scaled) }
    let rest = String(scaled % Int(factor))
    return sign + grouped(scaled / Int(factor)) + "." + String(repeating: "0", count: places - rest.count) + rest
}

/// A comma between thousands.
private func grouped(_ number: Int) -> String {
    let digits = String(number)
    return digits.enumerated().map { index, digit in
        index > 0 && (digits.count - index) % 3 == 0 ? ",\(digit)" : "\(digit)"
    }.joined()
}

extension Duration {
    var milliseconds: Double { self / .milliseconds(1) }
}

extension [Double] {
    /// The middle one, or the mean of the two in the middle; 0 of none.
    var median: Double {
        let sorted = sorted()
        guard !sorted.isEmpty else { return 0 }
        let middle = sorted.count / 2
        guard sorted.count % 2 == 0 else { return sorted[middle] }
        return (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// The smallest of which so many percent are not larger; 0 of none.
    func percentile(_ percent: Double) -> Double {
        let sorted = sorted()
        let rank = Int((percent / 100 * Double(count)).rounded(.up))
        return sorted.isEmpty ? 0 : sorted[Swift.min(Swift.max(rank - 1, 0), count - 1)]
    }
}
