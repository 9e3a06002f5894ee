// SPDX-License-Identifier: Apache-2.0
import JSON

extension JSONWriter {
    /// A member that is an object, for the eye.
    mutating func object(_ name: String, _ content: (inout JSONWriter) -> Void) { member(name, object: content) }

    /// A member that is an array.
    mutating func array(_ name: String, _ content: (inout JSONWriter) -> Void) { member(name, array: content) }
}
