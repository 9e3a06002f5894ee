// SPDX-License-Identifier: Apache-2.0
import ImageVerification
import Testing

@testable import WebhookServer

@Suite("The timeout of a review")
struct ReviewTimeoutTests {
    @Test(
        "is read as Go writes durations, and kept between 1 and 30 seconds",
        arguments: [
            ("timeout=10s", 10_000), ("timeout=1s", 1000), ("timeout=30s", 30_000), ("timeout=1m0s", 30_000),
            ("timeout=500ms", 1000), ("timeout=2.5s", 2500), ("timeout=1s500ms", 1500), ("a=b&timeout=3s", 3000),
            ("timeout=.5s", 1000), ("timeout=5.s", 5000), ("timeout=9999999h", 30_000), ("timeout=4000000us", 4000),
        ])
    func durations(query: String, milliseconds: Int) {
        #expect(ReviewTimeout(query: query).duration == .milliseconds(milliseconds))
    }

    @Test(
        "is ten seconds where the query says nothing that can be read",
        arguments: [
            nil, "", "timeout", "timeout=", "timeout=10", "timeout=s", "timeout=-5s", "timeout=+5s", "timeout=5x",
            "timeout=0s", "timeout=1.2.3s", "timeout=.s", "timeout=5s ", "timeout=1e3s", "timeout=infs", "xtimeout=5s",
            "timeout=" + String(repeating: "9", count: 400) + "s",
        ])
    func unreadable(query: String?) {
        #expect(ReviewTimeout(query: query).duration == .seconds(10))
    }

    @Test("keeps back half a second, but never more than a tenth")
    func margin() {
        #expect(ReviewTimeout(query: "timeout=30s").margin == .milliseconds(500))
        #expect(ReviewTimeout(query: "timeout=1s").margin == .milliseconds(100))
        let start = ContinuousClock.now
        let timeout = ReviewTimeout(query: "timeout=2s")
        #expect(timeout.deadline(from: start).instant == start + .milliseconds(1800))
        #expect(timeout.lastResort(from: start) == start + .milliseconds(1900))
    }

    @Test(
        "Addresses to listen on name a host and a port",
        arguments: [
            ("0.0.0.0:8443", "0.0.0.0", 8443), (":0", "0.0.0.0", 0), ("[::]:443", "::", 443),
            ("localhost:65535", "localhost", 65535),
        ])
    func addresses(text: String, host: String, port: Int) {
        let address = ListenAddress(text)
        #expect(address?.host == host)
        #expect(address?.port == port)
    }

    @Test(
        "What is no address is refused",
        arguments: ["", "8443", "host", "host:", "host:65536", "host:-1", "host:+1", "::1:80", "[::1", "[]:80", "h:8x"])
    func noAddresses(text: String) {
        #expect(ListenAddress(text) == nil)
    }
}
