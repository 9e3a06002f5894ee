// SPDX-License-Identifier: Apache-2.0

@testable import Policy

/// A tar archive, packed with gzip or as it is: what comes out is bounded, and no name leaves the archive's own folder.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzArchive(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    let limit = 1 << 20
    var archive = input
    if input.first == 0x1F {
        do throws(ArchiveError) {
            archive = try Gzip.decompress(input, limit: limit)
            precondition(archive.count <= limit)
        } catch {
            _ = "\(error)"
            return 0
        }
    }
    do throws(ArchiveError) {
        let files = try TarArchive(archive).files
        precondition(files.count <= TarArchive.maximumEntries)
        for (name, contents) in files {
            let parts = name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            precondition(
                parts.allSatisfy { !$0.isEmpty && !$0.elementsEqual("..".utf8) && !$0.elementsEqual(".".utf8) })
            precondition(contents.startIndex >= 512 && contents.endIndex <= archive.count)
        }
    } catch { _ = "\(error)" }
    return 0
}
