// SPDX-License-Identifier: Apache-2.0

/// Bounds that hold before anything is allocated for a document.
public struct JSONLimits: Hashable, Sendable {
    /// Bytes of text; at most 2^31 - 1, as the tape keeps 32-bit offsets.
    public var maximumBytes: Int
    /// Containers inside containers.
    public var maximumDepth: Int
    /// Values and member names together; the tape takes 16 bytes for each.
    public var maximumValues: Int

    /// 16 MiB is twice the largest review that the server reads; 200 levels is what no Kubernetes object reaches;
    /// 2^20 values are 16 MiB of tape, three times what a 3 MiB object full of managed fields needs.
    public static let `default` = JSONLimits(maximumBytes: 16 << 20, maximumDepth: 200, maximumValues: 1 << 20)

    public init(maximumBytes: Int, maximumDepth: Int, maximumValues: Int) {
        self.maximumBytes = min(maximumBytes, Int(Int32.max))
        self.maximumDepth = maximumDepth
        self.maximumValues = maximumValues
    }
}
