// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Says that a case was not run, and why: a line on standard output, and one in the file that `COUNTERSIGN_SKIP_LOG`
/// names, which `scripts/test` counts.
public func skip(_ reason: String, file: StaticString = #fileID, line: UInt = #line) {
    let text = "\(reason) (\(file):\(line))"
    print("SKIPPED: \(text)")
    guard let path = ProcessEnvironment.current["COUNTERSIGN_SKIP_LOG"], !path.isEmpty else { return }
    let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return }
    // One write, so that tests running side by side do not mix their lines.
    let entry = Array((text + "\n").utf8)
    _ = write(descriptor, entry, entry.count)
    close(descriptor)
}

/// For `.enabled(if:)`: whether the condition holds, and a told skip where it does not.
public func available(
    _ condition: Bool, orSkip reason: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line
) -> Bool {
    if !condition { skip(reason(), file: file, line: line) }
    return condition
}

/// For what no package can give: told where it is not there, and not counted among what is missing.
public func granted(_ condition: Bool, orTell reason: @autoclosure () -> String) -> Bool {
    if !condition { print("SKIPPED: \(reason())") }
    return condition
}
