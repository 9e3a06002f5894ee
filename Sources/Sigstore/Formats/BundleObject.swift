// SPDX-License-Identifier: Apache-2.0
import JSON

/// A JSON object of a bundle and where it stands, read as protobuf's JSON mapping has it: a member that is null is absent,
/// a 64-bit integer may be a string, bytes are base64 of either alphabet; a member of the wrong kind is an error.
struct BundleObject {
    let value: JSONValue
    let place: String

    init(_ value: JSONValue, _ place: String) throws(VerificationError) {
        guard value.kind == .object else { throw .unreadable("\(place) is no JSON object") }
        self.value = value
        self.place = place
    }

    func allow(_ names: [String]) throws(VerificationError) { try value.allowOnly(names, in: place) }

    func optional(_ name: String) -> JSONValue? { value[name].flatMap { $0.isNull ? nil : $0 } }

    func optionalObject(_ name: String) throws(VerificationError) -> BundleObject? {
        guard let member = optional(name) else { return nil }
        return try BundleObject(member, name)
    }

    func object(_ name: String) throws(VerificationError) -> BundleObject {
        guard let object = try optionalObject(name) else { throw .unreadable("\(place) has no \(name)") }
        return object
    }

    func text(_ name: String) throws(VerificationError) -> String? {
        guard let member = optional(name) else { return nil }
        guard let text = member.string else { throw .unreadable("\(place).\(name) is no string") }
        return text
    }

    /// Bytes that have to be there, and to be some.
    func bytes(_ name: String) throws(VerificationError) -> [UInt8] {
        guard let text = try text(name), let bytes = Base64.decode(text, .any), !bytes.isEmpty else {
            throw .unreadable("\(place).\(name) is missing or no base64")
        }
        return bytes
    }

    func integer(_ name: String) throws(VerificationError) -> Int64? {
        guard let member = optional(name) else { return nil }
        guard let integer = member.integerOrDecimalString else {
            throw .unreadable("\(place).\(name) is no 64-bit integer")
        }
        return integer
    }

    /// Zero where it is absent, since protobuf does not write a zero; never below it.
    func natural(_ name: String) throws(VerificationError) -> Int64 {
        let integer = try integer(name) ?? 0
        guard integer >= 0 else { throw .unreadable("\(place).\(name) is negative") }
        return integer
    }

    func list(_ name: String, atMost limit: Int) throws(VerificationError) -> [BundleObject] {
        var objects: [BundleObject] = []
        for element in try elements(name, atMost: limit) {
            objects.append(try BundleObject(element, "\(name)[\(objects.count)]"))
        }
        return objects
    }

    func listOfBytes(_ name: String, atMost limit: Int) throws(VerificationError) -> [[UInt8]] {
        var list: [[UInt8]] = []
        for element in try elements(name, atMost: limit) {
            guard let text = element.string, let bytes = Base64.decode(text, .any) else {
                throw .unreadable("\(place).\(name)[\(list.count)] is no base64")
            }
            list.append(bytes)
        }
        return list
    }

    private func elements(_ name: String, atMost limit: Int) throws(VerificationError) -> JSONValue.Elements {
        guard let member = optional(name) else { return value.elements }
        guard member.kind == .array else { throw .unreadable("\(place).\(name) is no list") }
        guard member.count <= limit else { throw .unreadable("\(place).\(name) has more than \(limit) entries") }
        return member.elements
    }
}
