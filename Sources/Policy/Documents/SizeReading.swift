// SPDX-License-Identifier: Apache-2.0
import JSON

extension DocumentReader {
    /// `maximumAttestationSize` (ours), a quantity of bytes as Kubernetes writes it; `nil` (and an error) for what is none,
    /// or is out of bounds.
    mutating func attestationSize(_ field: Field) -> Int? {
        guard let value = field.value else { return ProofExtent.defaultBytes }
        let text: String
        switch value.kind {
        case .string: text = value.string ?? ""
        case .number: text = String(decoding: value.rawText, as: UTF8.self)
        default:
            _ = string(field)
            return nil
        }
        let advice = "write a quantity from 1Ki to 1Gi, 128Mi say"
        guard let bytes = Self.quantity(text) else {
            invalid(text, field, details: "is no quantity of bytes", advice: advice)
            return nil
        }
        guard ProofExtent.allowedBytes.contains(bytes) else {
            invalid(text, field, details: "is out of bounds", advice: advice)
            return nil
        }
        return bytes
    }

    private static let suffixes: [(text: String, factor: Int)] = [
        ("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000),
    ]

    /// Whole digits, and one suffix or none; fractions and exponents, which quantities may have too, are nobody's sizes.
    private static func quantity(_ text: String) -> Int? {
        let suffix = suffixes.first { text.hasSuffix($0.text) }
        let digits = text.dropLast(suffix?.text.count ?? 0)
        guard !digits.isEmpty, digits.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let number = Int(digits)
        else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: suffix?.factor ?? 1)
        return overflow ? nil : bytes
    }
}
