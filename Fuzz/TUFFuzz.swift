// SPDX-License-Identifier: Apache-2.0
import JSON

@testable import TUF

/// One file of the minted repository in another version: the digit says which, the rest is its text. Whatever the text,
/// the run ends, and it succeeds only where what is signed is what its owner has signed.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTUF(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    guard let digit = input.first, let index = Repository.names.indices.first(where: { UInt8(48 + $0) == digit }) else {
        return 0
    }
    let text = Array(input.dropFirst())
    let name = Repository.names[index]
    read(text)
    var files = Repository.files
    files[name] = text
    do throws(MetadataError) {
        var refresh = try Refresh(trusting: files["1.root.json"] ?? [], now: Repository.time)
        let found = try refresh.run { files[$0] }
        // A first root is believed because it is named, whoever wrote it; it signs nothing else here.
        guard name != "1.root.json" else { return 0 }
        guard let minted = Repository.signed[name], let again = signedPart(text) else { preconditionFailure("no JSON") }
        precondition(minted == again, "\(name) is not what was signed")
        precondition(found.versions == Repository.versions)
    } catch { _ = "\(error)" }
    return 0
}

/// Every role can be asked of every text.
private func read(_ text: [UInt8]) {
    for role in RoleName.allCases {
        do throws(MetadataError) {
            let metadata = try Metadata(text, file: "x", role: role)
            precondition(metadata.version > 0 && text.count <= role.maximumBytes)
            precondition(UTCTime.seconds(UTCTime.text(of: metadata.expires)) == metadata.expires)
            switch role {
            case .root: _ = try RootRole(text, file: "x")
            case .timestamp: _ = try TimestampRole(metadata)
            case .snapshot: _ = try SnapshotRole(metadata)
            case .targets:
                for target in try TargetsRole(metadata).targets {
                    guard let paths = try? target.paths(hasConsistentSnapshots: true) else { continue }
                    precondition(paths.allSatisfy { !$0.split(separator: "/").contains("..") && !$0.hasPrefix("/") })
                }
            }
        } catch { _ = "\(error)" }
    }
}

private func signedPart(_ text: [UInt8]) -> [UInt8]? {
    (try? JSONDocument(parsing: text))?.root["signed"].flatMap(CanonicalJSON.bytes)
}

private enum Repository {
    static let names = ["1.root.json", "2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]
    static let files = Dictionary(uniqueKeysWithValues: names.map { ($0, Minted.file("Fuzz/Minted/tuf/\($0)")) })
    static let signed = files.compactMapValues(signedPart)
    static let time: Int64 = 1_780_272_000

    static let versions: [RoleName: Int64] = {
        do {
            var refresh = try Refresh(trusting: files["1.root.json"] ?? [], now: time)
            return try refresh.run { files[$0] }.versions
        } catch { preconditionFailure("\(error)") }
    }()
}
