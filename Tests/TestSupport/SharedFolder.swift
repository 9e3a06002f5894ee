// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

/// The folder of recordings and data that lies beside a checkout. It is read in place; where it is absent, the tests
/// that want it skip.
public enum SharedFolder {
    /// `COUNTERSIGN_SHARED`, or else `../shared` of the package; `nil` where there is no such folder.
    public static let root: String? = {
        let named = ProcessEnvironment.current["COUNTERSIGN_SHARED"]
        let candidate = named ?? PackageFolder.root + "/../shared"
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: candidate, isDirectory: &isDirectory), isDirectory else {
            return nil
        }
        return candidate
    }()

    /// The full path of something in the folder; `nil` where it is not there.
    public static func path(_ relative: String) -> String? {
        guard let root, FileManager.default.fileExists(atPath: root + "/" + relative) else { return nil }
        return root + "/" + relative
    }

    /// The bytes of a file in the folder; `nil` where it is not there.
    public static func bytes(_ relative: String) -> [UInt8]? {
        path(relative).flatMap(contents)
    }

    /// The bytes of a file by its full path; `nil` where it is not there.
    static func contents(_ path: String) -> [UInt8]? { FileManager.default.contents(atPath: path).map { Array($0) } }

    /// The names in a subfolder, sorted; empty where it is not there.
    public static func names(in relative: String) -> [String] {
        guard let path = path(relative) else { return [] }
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }
}

/// The checkout that these tests were compiled from.
public enum PackageFolder {
    public static let root: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(min(3, parts.count))
        return parts.joined(separator: "/")
    }()
}
