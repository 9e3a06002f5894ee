// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ImageVerification

/// What `serve` remembers, and for how long.
struct CacheOptions: ParsableArguments {
    @Option(
        name: .customLong("cache-megabytes"),
        help: ArgumentHelp(
            """
            Keep so much of blobs, as much of evidence and as much of verdicts in memory [MiB, 1 to 65536; default: 4, \
            16 and 40]
            """,
            valueName: "size"))
    var megabytes: String?

    @Option(
        name: .customLong("maximum-age"),
        help: ArgumentHelp(
            "Look again for the proofs of an image that was admitted so long ago [1m to 720h; default: 24h]",
            valueName: "duration"))
    var maximumAge: String?

    @Option(
        name: .customLong("stale-if-outage"),
        help: ArgumentHelp(
            """
            Where the proofs cannot be looked for again, admit by a verdict that is past its age by no more than this, \
            with a warning [1m to 720h; default: never]
            """,
            valueName: "duration"))
    var staleIfOutage: String?
}

extension CacheLimits {
    /// Those of the flags and of whatever else says the same.
    init(_ flags: CacheOptions, _ sources: SettingSources) throws(UsageError) {
        self = .default
        if let size = try sources.integer("cache-megabytes", flag: flags.megabytes, in: 1...65_536) {
            blobBytes = size << 20
            evidenceBytes = size << 20
            verdictBytes = size << 20
        }
        // A month is as long as anybody leaves a cluster alone; a minute is more than a registry takes to answer.
        let range = Duration.seconds(60)...Duration.seconds(720 * 3600)
        sufficientLife = try sources.duration("maximum-age", flag: flags.maximumAge, in: range) ?? sufficientLife
        staleLife = try sources.duration("stale-if-outage", flag: flags.staleIfOutage, in: range) ?? staleLife
    }
}
