// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

extension Base64 {
    /// Standard alphabet, padded, in one line.
    static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}
