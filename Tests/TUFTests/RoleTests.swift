// SPDX-License-Identifier: Apache-2.0
import TUF
import Testing

@Suite("Roles")
struct RoleTests {
    @Test("are named as the specification names them")
    func names() {
        #expect(RoleName(rawValue: "root") == .root)
    }
}
