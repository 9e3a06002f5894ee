// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Real programs that tests talk to.
public enum Tool {
    /// The program's path: on `PATH`, or in `.tools/bin` where `scripts/tools` puts it; `nil` where there is none.
    public static func find(_ name: String) -> String? {
        let path = ProcessEnvironment.current["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        let folders = path.split(separator: ":").map(String.init) + [PackageFolder.root + "/.tools/bin"]
        return folders.lazy.map { $0 + "/" + name }.first { access($0, X_OK) == 0 }
    }

    /// Whether all of them are here; a told skip where one is not.
    public static func haveAll(
        _ names: String..., file: StaticString = #fileID, line: UInt = #line
    ) -> Bool {
        let missing = names.filter { find($0) == nil }
        return available(
            missing.isEmpty, orSkip: "needs \(missing.joined(separator: ", ")); run scripts/tools", file: file,
            line: line)
    }
}
