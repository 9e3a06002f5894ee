// SPDX-License-Identifier: Apache-2.0
import OCI

extension Findings {
    /// A glob that can match, at `images[].glob`; of a policy that admits nothing, one that names too much is no risk.
    mutating func look(at glob: Glob, _ place: Place, admits: Bool) {
        let pattern = glob.pattern
        switch pattern {
        case "*":
            report(
                .globDockerHub, place, "glob \"*\" names the official images of Docker Hub and no others",
                why: "every other image is left to other policies",
                better: "write \"**\" for every image, or \"index.docker.io/library/*\" for these")
            return
        case "*/*":
            report(
                .globDockerHub, place, "glob \"*/*\" names the images of Docker Hub and no others",
                why: "every other image is left to other policies",
                better: "write \"**\" for every image, or \"index.docker.io/*/*\" for these")
            return
        default: break
        }
        // Every image, on purpose.
        guard !pattern.utf8.allSatisfy({ "*/@".utf8.contains($0) }) else { return }
        let parts = pattern.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let host = String(parts.first ?? "")
        let path = parts.count > 1 ? String(parts[1]) : nil
        if host.utf8.contains(UInt8(ascii: "*")) || path == nil {
            lookAtOpenHost(pattern, host, place, admits: admits)
        } else if let path {
            lookAtHub(pattern, host, path, place)
            if admits { lookAtOwner(pattern, host, path, place) }
        }
    }

    private mutating func lookAtOpenHost(_ pattern: String, _ host: String, _ place: Place, admits: Bool) {
        let stem = String(host.prefix { $0 != "*" })
        if stem == "docker.io" {
            report(
                .globDockerHub, place, "glob \(Self.shown(pattern)) names no image of Docker Hub",
                why: "their names begin with index.docker.io/, and a host with a wildcard is compared as it is written",
                better: "write \"index.docker.io/**\"")
            return
        }
        guard admits else { return }
        // `ghcr.io**` was meant to end the host there.
        let isWholeHost =
            (stem.utf8.contains(UInt8(ascii: ".")) || stem.utf8.contains(UInt8(ascii: ":")))
            && !stem.hasSuffix(".") && !stem.hasSuffix(":")
        report(
            .globAcrossHosts, place, "glob \(Self.shown(pattern)) names images of any registry whose name fits",
            why: "whoever runs such a registry, or rents a name there, brings images under this policy",
            better: isWholeHost
                ? "write \(quoted("\(stem)/**"))"
                : "write the registry out, one glob for each, as in \"registry.example/acme/**\"")
    }

    private mutating func lookAtHub(_ pattern: String, _ host: String, _ path: String, _ place: Place) {
        if Repository.foldedHost(host) == "docker.io", host != "index.docker.io" {
            report(
                .globDockerHub, place, "glob \(Self.shown(pattern)) names Docker Hub by another of its names",
                why: "it is read as index.docker.io here, which is what images are compared as",
                better: "write \(Self.shown("index.docker.io/\(path)")), which means the same everywhere")
        } else if host == "hub.docker.com" {
            report(
                .globDockerHub, place, "glob \(Self.shown(pattern)) names Docker Hub's web site",
                why: "no image is pulled from there",
                better: "write \(Self.shown("index.docker.io/\(path)"))")
        }
    }

    /// `registry/acme**`, which names `registry/acme-other/app` too.
    private mutating func lookAtOwner(_ pattern: String, _ host: String, _ path: String, _ place: Place) {
        let owner = path.prefix { $0 != "*" && $0 != "/" }
        guard !owner.isEmpty, !owner.utf8.contains(UInt8(ascii: "@")), path.dropFirst(owner.count).hasPrefix("**")
        else { return }
        let shownHost = Repository.foldedHost(host) == "docker.io" ? "index.docker.io" : host
        report(
            .globAcrossOwners, place, "glob \(Self.shown(pattern)) names images of every owner that begins so",
            why: "\(Self.shown("\(shownHost)/\(owner)-other/app")) is one of them",
            better: "write \(Self.shown("\(shownHost)/\(owner)/**"))")
    }
}
