// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The bytes that all questions under way keep of large proofs. Whoever may push says how much lies where a policy reads, so
/// that it is bounded for one image, and for all together.
final class KeptParts: Sendable {
    /// Of all questions together: half of what the small proofs of all lookups may hold.
    static let limit = 256 << 20
    /// Of one question: a whole bill of materials of a large image, and something beside it.
    static let limitOfOne = 48 << 20

    private let kept = Mutex(0)

    /// A share, given back with its last holder.
    final class Share: Sendable {
        private let of: KeptParts
        private let bytes: Int

        fileprivate init(of parts: KeptParts, _ bytes: Int) {
            of = parts
            self.bytes = bytes
        }

        deinit { of.kept.withLock { $0 -= bytes } }
    }

    /// `nil` where there is no room for so many bytes.
    func share(_ bytes: Int) -> Share? {
        let isWithin = kept.withLock { kept in
            guard bytes <= Self.limit - kept else { return false }
            kept += bytes
            return true
        }
        return isWithin ? Share(of: self, bytes) : nil
    }
}
