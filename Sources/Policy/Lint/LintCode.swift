// SPDX-License-Identifier: Apache-2.0

/// What a warning is about, by a name that stays the same from release to release; `docs/policies.md` tells each.
public enum LintCode: String, Hashable, Sendable, CaseIterable {
    // MARK: Globs

    /// No image that can be admitted has a name that matches.
    case globNeverMatches = "glob-never-matches"
    /// Docker Hub in a spelling that means less than it seems to, or not the same everywhere.
    case globDockerHub = "glob-docker-hub"
    /// The registry's name is open.
    case globAcrossHosts = "glob-across-hosts"
    /// `registry/acme**` runs on into the names of other owners.
    case globAcrossOwners = "glob-across-owners"

    // MARK: Identities

    /// A regular expression that strangers match too.
    case identityLoose = "identity-loose"
    /// A text that is compared as it is written, and looks as if it were a pattern.
    case identityPattern = "identity-pattern"
    /// A regular expression that leaves open what comes before or after it.
    case regexpUnanchored = "regexp-unanchored"
    /// A dot that stands for any character.
    case regexpUnescapedDot = "regexp-unescaped-dot"

    // MARK: Workloads

    /// Pods that are created directly are not governed.
    case matchLeavesPodsOut = "match-leaves-pods-out"
    /// A rule that no workload can satisfy.
    case matchNamesNothing = "match-names-nothing"
    /// A list without rules, which governs every workload.
    case matchEmpty = "match-empty"

    // MARK: Proofs

    /// Attestations are checked and signatures are not.
    case attestationsOnly = "attestations-only"
    /// Nothing proves when a key was used.
    case noLogNoTimestamp = "no-log-no-timestamp"
    /// Nothing satisfies the authority, since what it asks for cannot be checked here.
    case authorityUnavailable = "authority-unavailable"
    case signatureFormatUnknown = "signature-format-unknown"
    case hashUnavailable = "hash-unavailable"
    case sourceWithoutHost = "source-without-host"
    /// A predicate type that is no URI.
    case predicateTypeAlias = "predicate-type-alias"

    // MARK: Policies in a language

    case regoNotEvaluated = "rego-not-evaluated"
    /// A document without the fields that the policy speaks of satisfies it.
    case cueUndemanded = "cue-undemanded"
    /// The policy speaks of what it is never shown.
    case cueInputNotIncluded = "cue-input-not-included"

    // MARK: Secrets and ConfigMaps

    /// It lies where no policy looks for it.
    case resourceOutOfReach = "resource-out-of-reach"
}
