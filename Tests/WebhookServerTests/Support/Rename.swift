// SPDX-License-Identifier: Apache-2.0
import Glibc
import TestSupport

extension TemporaryDirectory {
    func renamed(_ old: String, to new: String) -> Bool { Glibc.rename(path(old), path(new)) == 0 }
}
