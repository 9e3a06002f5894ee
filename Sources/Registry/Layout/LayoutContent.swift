// SPDX-License-Identifier: Apache-2.0
import OCI
import Policy

/// The blobs of a layout by digest, hashed whenever they are read.
struct LayoutContent: ContentReading {
    let directory: LayoutDirectory
    let service: String

    func content(
        _ digest: Digest, _ kind: ContentKind, maximumBytes: Int, budget: ProofBudget
    ) async throws(Outage) -> ContentAnswer {
        let answer = try blob(digest, maximumBytes: maximumBytes)
        guard case .bytes(let bytes) = answer, !budget.take(bytes: bytes.count) else { return answer }
        try budget.checkProcess(service: service)
        return .overBudget
    }

    func blob(_ digest: Digest, maximumBytes: Int) throws(Outage) -> ContentAnswer {
        let bytes: [UInt8]
        do throws(LayoutDirectory.ReadingError) {
            bytes = try directory.read(
                ["blobs", digest.algorithm.rawValue, digest.hex], maximumBytes: maximumBytes)
        } catch {
            switch error {
            case .missing: return .missing
            case .tooLarge: return .tooLarge
            case .notRegular, .unreadable:
                throw Outage(
                    .malfunction, service: service, detail: "a blob of the layout is not a file that can be read")
            }
        }
        guard digest.matches(bytes) else {
            throw Outage(.corrupt, service: service, detail: "a blob of the layout does not have its digest")
        }
        return .bytes(bytes)
    }

    /// Digests of the files that may be manifests by their size, of both algorithms.
    func possibleManifests(maximumBytes: Int, maximumFiles: Int) throws(Outage) -> [(digest: Digest, size: Int64)] {
        var found: [(digest: Digest, size: Int64)] = []
        for algorithm in Digest.Algorithm.allCases {
            let files: [(name: String, size: Int64)]?
            do throws(LayoutDirectory.ReadingError) {
                files = try directory.files(in: ["blobs", algorithm.rawValue], maximum: maximumFiles)
            } catch {
                if error == .missing { continue }
                throw Outage(.malfunction, service: service, detail: "the layout's blobs cannot be listed")
            }
            guard let files else {
                throw Outage(
                    .corrupt, service: service,
                    detail: "the layout has more than the \(maximumFiles) blobs that are read")
            }
            for file in files where file.size <= maximumBytes {
                // Other names are no blobs.
                if let digest = try? Digest("\(algorithm.rawValue):\(file.name)") { found.append((digest, file.size)) }
            }
        }
        return found
    }
}
