// SPDX-License-Identifier: Apache-2.0
import OCI

/// Whatever is read stays the same when it is written and read again.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzReference(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    let reference: ImageReference
    do {
        reference = try ImageReference(parsing: text)
    } catch {
        precondition(!error.code.isEmpty && !error.description.isEmpty)
        return 0
    }
    guard let again = try? ImageReference(parsing: reference.canonicalName) else {
        preconditionFailure("unreadable when written")
    }
    precondition(again.domain == reference.domain && again.repository == reference.repository)
    precondition(again.tag == reference.tag && again.digest == reference.digest)
    let host = reference.repository.host
    precondition(!host.isEmpty && host == Repository.foldedHost(host) && host == host.lowercased())
    precondition(1...255 ~= reference.repository.path.utf8.count)
    precondition(reference.matchingName.hasSuffix(reference.digest.map { "@\($0)" } ?? ":\(reference.tag ?? "latest")"))
    return 0
}
