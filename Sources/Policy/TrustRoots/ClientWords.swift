// SPDX-License-Identifier: Apache-2.0
import TUF

extension TrustRootError.Reason {
    /// What users of the ecosystem are told about a repository whose metadata is not believed; our own words stand beside
    /// it as advice.
    var clientWords: String {
        switch self {
        case .archive(let error): "failed to uncompress: \(error)"
        case .repository(let error):
            "failed to create TUF client: failed to load metadata: tuf refresh failed: \(error.clientWords)"
        default: "\(self)"
        }
    }
}

extension MetadataError {
    fileprivate var clientWords: String {
        switch self {
        case .expired(.root, _): "expired metadata error: final root.json is expired"
        case .expired(.targets, _): "expired metadata error: new targets is expired"
        case .expired(let role, _): "expired metadata error: \(role.rawValue).json is expired"
        case .unsigned(let role, let valid, let threshold):
            "unsigned metadata error: Verifying \(role.rawValue) failed, not enough signatures, "
                + "got \(valid), want \(threshold)"
        case .wrongVersion(.root, let expected, let found):
            "bad version number error: bad version number, expected \(expected), got \(found)"
        case .wrongVersion(let role, let expected, let found):
            "bad version number error: expected \(role.rawValue) version \(expected), got \(found)"
        case .wrongHash(_, let algorithm):
            "length/hash verification error: hash verification failed - mismatch for algorithm \(algorithm)"
        case .wrongLength(_, let expected, let found):
            "length/hash verification error: length verification failed - expected \(expected), got \(found)"
        default: "\(self)"
        }
    }
}
