// SPDX-License-Identifier: Apache-2.0
import SwiftASN1

/// What Fulcio writes into a certificate about the identity token that it was given: the last number of the object
/// identifier 1.3.6.1.4.1.57264.1.x. sigstore/fulcio, oid-info. 7 is a kind of name and no extension.
public enum FulcioExtension: Int, Hashable, Sendable, CaseIterable {
    /// The issuer as old certificates have it; `issuer` of `CertificateClaims` is the one to use.
    case issuerV1 = 1
    case workflowTrigger = 2
    case workflowSHA = 3
    case workflowName = 4
    case workflowRepository = 5
    case workflowRef = 6
    case issuerV2 = 8
    /// The workflow that ran, which may be a reusable one of another repository.
    case buildSignerURI = 9
    case buildSignerDigest = 10
    case runnerEnvironment = 11
    case sourceRepositoryURI = 12
    case sourceRepositoryDigest = 13
    case sourceRepositoryRef = 14
    case sourceRepositoryIdentifier = 15
    case sourceRepositoryOwnerURI = 16
    case sourceRepositoryOwnerIdentifier = 17
    /// The workflow that was started.
    case buildConfigURI = 18
    case buildConfigDigest = 19
    case buildTrigger = 20
    case runInvocationURI = 21
    case sourceRepositoryVisibility = 22
    case deploymentEnvironment = 23
    /// `sub` of the identity token.
    case tokenSubject = 24

    /// The first six are the bare text, the others the DER of a UTF8String.
    var isBareText: Bool { rawValue <= 6 }

    var identifier: ASN1ObjectIdentifier { [1, 3, 6, 1, 4, 1, 57264, 1, UInt(rawValue)] }

    /// Pairs that have the same value by definition: Fulcio writes both from one claim of the token, the first for
    /// readers of before 2023. The commits of the source, of the workflow that was started and of the one that ran are
    /// three things, and differ where a workflow of another repository is used.
    static let repeated: [(FulcioExtension, FulcioExtension)] = [
        (.issuerV1, .issuerV2), (.workflowTrigger, .buildTrigger), (.workflowSHA, .sourceRepositoryDigest),
        (.workflowRef, .sourceRepositoryRef),
    ]
}

extension FulcioExtension: CustomStringConvertible {
    /// As cosign and its kin name it.
    public var description: String {
        switch self {
        case .issuerV1: "issuer"
        case .workflowTrigger: "githubWorkflowTrigger"
        case .workflowSHA: "githubWorkflowSHA"
        case .workflowName: "githubWorkflowName"
        case .workflowRepository: "githubWorkflowRepository"
        case .workflowRef: "githubWorkflowRef"
        case .issuerV2: "issuerV2"
        case .buildSignerURI: "buildSignerURI"
        case .buildSignerDigest: "buildSignerDigest"
        case .runnerEnvironment: "runnerEnvironment"
        case .sourceRepositoryURI: "sourceRepositoryURI"
        case .sourceRepositoryDigest: "sourceRepositoryDigest"
        case .sourceRepositoryRef: "sourceRepositoryRef"
        case .sourceRepositoryIdentifier: "sourceRepositoryIdentifier"
        case .sourceRepositoryOwnerURI: "sourceRepositoryOwnerURI"
        case .sourceRepositoryOwnerIdentifier: "sourceRepositoryOwnerIdentifier"
        case .buildConfigURI: "buildConfigURI"
        case .buildConfigDigest: "buildConfigDigest"
        case .buildTrigger: "buildTrigger"
        case .runInvocationURI: "runInvocationURI"
        case .sourceRepositoryVisibility: "sourceRepositoryVisibilityAtSigning"
        case .deploymentEnvironment: "deploymentEnvironment"
        case .tokenSubject: "tokenSubject"
        }
    }
}
