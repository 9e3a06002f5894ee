// SPDX-License-Identifier: Apache-2.0
import Sigstore
import Synchronization

/// A reader to which the pieces of one proof are handed in turn, by whoever reads them.
public final class LargeProofIntake: Sendable {
    private let reader: Mutex<LargeProofReader>

    init(_ reader: LargeProofReader) { self.reader = Mutex(reader) }

    /// The bytes come from the first one on.
    public func begin() { reader.withLock { $0.begin() } }

    public func take(_ bytes: UnsafeRawBufferPointer) { reader.withLock { $0.read(bytes) } }

    func end() throws(LargeProofReader.Fault) -> LargeProof? {
        try reader.withLock { (reader) throws(LargeProofReader.Fault) in try reader.end() }
    }
}
