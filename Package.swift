// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// One array of strict settings for every target of ours; a warning in our code is an error.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let crypto: [Target.Dependency] = [
    .product(name: "Crypto", package: "swift-crypto"),
    .product(name: "CryptoExtras", package: "swift-crypto"),
]
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")

/// For modules that others call for each value of a document: in the release their functions are compiled into the callers,
/// which takes some 3 µs off a remembered answer.
let inlined: [SwiftSetting] = [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

func target(_ name: String, _ dependencies: [Target.Dependency] = [], more: [SwiftSetting] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict + more)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "countersign",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "countersign", targets: ["countersign"]),
        // For Benchmarks/ alone; their faces change with every version.
        .library(name: "CountersignCore", targets: ["JSON", "OCI", "Sigstore"]),
        .library(name: "CountersignServer", targets: ["Admission", "ImageVerification", "WebhookServer"]),
        .library(name: "CountersignTestSupport", targets: ["Demo", "TestSupport"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // System libraries: libyaml's event parser, libsodium for Ed25519ph (which BoringSSL lacks), and zlib's inflate.
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // `<malloc.h>`, which the C library's own module leaves out.
        .systemLibrary(name: "CMalloc"),

        // A bounded, strict tape reader over bytes, and the small writer.
        target("JSON", more: inlined),
        // libyaml's events into the same tree as JSON, with line and column.
        target("YAML", ["JSON", "CLibYAML"]),
        // Regular expressions in Go's dialect: linear time, compiled once, program size bounded.
        target("RE2"),
        // Names and shapes of images: digest, reference, descriptor, manifest, index, docker config.
        target("OCI", ["JSON", .product(name: "Crypto", package: "swift-crypto")], more: inlined),
        // The verification core: unverified bundle + trust material + digest -> evidence or a typed reason.
        target(
            "Sigstore",
            ["OCI", "JSON", "RE2", "CSodium", .product(name: "SwiftASN1", package: "swift-asn1")] + crypto),
        // Metadata roles of The Update Framework, and the client's workflow over files in hand.
        target("TUF", ["JSON", "Sigstore"] + crypto),
        // The CUE language: policy text + JSON document -> verdict with conflicts. Steps, depth and memory bounded.
        target("CUE", ["JSON", "RE2"]),
        // What an operator requires (ClusterImagePolicy, TrustRoot) and the judgement of evidence against it.
        target("Policy", ["OCI", "Sigstore", "TUF", "CUE", "JSON", "YAML", "RE2", "CZlib"]),
        // One image under its policies -> one verdict: ports, deadline, caches.
        target("ImageVerification", ["JSON", "OCI", "Sigstore", "Policy"], more: inlined),
        // AdmissionReview -> images -> verdicts -> one answer. No HTTP.
        target("Admission", ["JSON", "OCI", "Policy", "ImageVerification"]),
        // Tasks on the event loops of connections, and timers there.
        target("EventLoopTasks", [nioCore]),
        // The only door to the network: caps, redirects, timeouts, CA bundles, forbidden addresses.
        target(
            "HTTPTransport",
            [
                "EventLoopTasks", .product(name: "AsyncHTTPClient", package: "async-http-client"), nioCore, nioSSL,
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        // OCI distribution client: tokens, manifests, referrers, cosign tags, credentials; and OCI layouts on disk.
        target(
            "Registry",
            [
                "JSON", "OCI", "Sigstore", "Policy", "ImageVerification", "HTTPTransport",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        // API server client: list and watch, leases; policy objects, webhook configurations, pull secrets.
        target(
            "Kubernetes",
            [
                "JSON", "YAML", "OCI", "Sigstore", "Policy", "HTTPTransport", "ImageVerification", "Admission",
                "Registry", logging,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        // Asks a Rekor v1 log for entries that a proof does not bring.
        target("Rekor", ["JSON", "OCI", "Sigstore", "Policy", "ImageVerification", "HTTPTransport"]),
        // The TLS server: routes, health, certificate reload, metrics, drain.
        target(
            "WebhookServer",
            [
                "Admission", "EventLoopTasks", "ImageVerification", "JSON",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCertificateReloading", package: "swift-nio-extras"),
                .product(name: "NIOExtras", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "Crypto", package: "swift-crypto"),
                logging, nioCore, nioSSL,
            ]),
        // A loopback registry and key signer for `countersign demo`; real code on real sockets.
        target(
            "Demo",
            [
                "JSON", "OCI",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                logging, nioCore,
            ] + crypto),
        // The executable, and the only composition root.
        .executableTarget(
            name: "countersign",
            dependencies: [
                "JSON", "YAML", "RE2", "CUE", "OCI", "Sigstore", "Policy", "ImageVerification", "Admission",
                "HTTPTransport",
                "Registry", "Kubernetes", "Rekor", "WebhookServer", "Demo", "CMalloc",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                logging, nioCore,
            ],
            swiftSettings: strict),

        // Tests only: independent judges (libcrypto) and clients (libcurl with nghttp2).
        .systemLibrary(
            name: "COpenSSL", path: "Tests/COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CCurl", path: "Tests/CCurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev", "libnghttp2-dev"])]),
        // RE2 itself behind a C face: the judge of our regular expressions.
        .target(name: "CRE2", path: "Tests/CRE2", linkerSettings: [.linkedLibrary("re2")]),
        // Shared by the tests: the shared folder, real tools on PATH, processes, a scripted registry, an API server.
        .target(
            name: "TestSupport",
            dependencies: [
                "JSON", "YAML", "RE2", "OCI", "Sigstore", "Demo", "COpenSSL", "CCurl", "CSodium", nioCore, nioSSL,
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ] + crypto,
            path: "Tests/TestSupport", swiftSettings: strict),
        tests("JSONTests", ["JSON", "TestSupport"]),
        tests("YAMLTests", ["YAML", "JSON", "TestSupport"]),
        tests("RE2Tests", ["RE2", "JSON", "TestSupport", "CRE2"]),
        tests(
            "APIServerDoubleTests",
            [
                "JSON", "TestSupport", nioCore, nioSSL,
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        tests("OCITests", ["OCI", "JSON", "TestSupport"]),
        tests("SigstoreTests", ["Sigstore", "OCI", "JSON", "RE2", "COpenSSL", "CSodium", "TestSupport"] + crypto),
        tests("TUFTests", ["TUF", "JSON", "TestSupport"] + crypto),
        tests("CUETests", ["CUE", "JSON", "RE2", "TestSupport"]),
        tests(
            "PolicyTests", ["CUE", "Policy", "OCI", "Sigstore", "TUF", "JSON", "YAML", "RE2", "CZlib", "TestSupport"]),
        tests("ImageVerificationTests", ["ImageVerification", "Policy", "OCI", "Sigstore", "JSON", "TestSupport"]),
        tests(
            "AdmissionTests",
            ["Admission", "ImageVerification", "Policy", "OCI", "Sigstore", "JSON", "YAML", "TestSupport"]),
        tests(
            "RegistryTests",
            [
                "Registry", "Rekor", "HTTPTransport", "ImageVerification", "Admission", "Policy", "OCI", "Sigstore",
                "JSON", "Demo", "TestSupport", nioCore, nioSSL, logging,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdHTTP2", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ]),
        tests(
            "KubernetesTests",
            [
                "Kubernetes", "WebhookServer", "Admission", "Policy", "ImageVerification", "OCI", "Sigstore", "JSON",
                "YAML", "HTTPTransport", "countersign", "TestSupport", logging,
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        tests(
            "WebhookServerTests",
            [
                "WebhookServer", "Admission", "ImageVerification", "JSON", "TestSupport", "CCurl",
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"), logging,
            ]),
        tests(
            "CommandLineTests",
            [
                "Admission", "Kubernetes", "JSON", "OCI", "Policy", "Demo", "TestSupport", "countersign",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            // The golden texts of `--help`.
            exclude: ["Help"]),
        tests(
            "PackagingTests", ["JSON", "YAML", "Policy", "TestSupport", "countersign"],
            // The chart's renderings, the values that they were made with, and values that it refuses.
            exclude: ["Golden", "Refused"]),
        tests(
            "InteropTests",
            [
                "JSON", "OCI", "Sigstore", "Policy", "ImageVerification", "Admission", "HTTPTransport", "Registry",
                "Demo",
                "TestSupport",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
