// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CUE

@Suite("CUE")
struct VerdictTests {
    @Test("a bound that is reached is no pass")
    func exceeded() {
        #expect(CUEVerdict.exceeded("steps") != .pass)
    }
}
