// SPDX-License-Identifier: Apache-2.0
import COpenSSL
import TestSupport

@testable import Sigstore

/// OpenSSL's word on a path, to hold against ours.
enum OpenSSLPathJudge {
    struct Failure: Error { let what: String }

    /// Whether there is a path from the leaf over the untrusted certificates to the root at that time. Purposes and the
    /// certificate's name are not looked at, key identifiers are.
    static func accepts(
        leaf: [UInt8], untrusted: [[UInt8]], root: [UInt8], at seconds: Int64
    ) throws -> Bool {
        guard let store = X509_STORE_new(), let context = X509_STORE_CTX_new(), let chain = OPENSSL_sk_new_null() else {
            throw Failure(what: "no memory")
        }
        var certificates: [OpaquePointer] = []
        defer {
            X509_STORE_CTX_free(context)
            OPENSSL_sk_free(chain)
            for certificate in certificates { X509_free(certificate) }
            X509_STORE_free(store)
        }
        func read(_ der: [UInt8]) -> OpaquePointer? {
            let certificate = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
                var start = bytes.baseAddress
                return d2i_X509(nil, &start, bytes.count)
            }
            if let certificate { certificates.append(certificate) }
            return certificate
        }
        // What OpenSSL cannot read it does not accept.
        guard let root = read(root), let leaf = read(leaf) else { return false }
        guard X509_STORE_add_cert(store, root) == 1 else { throw Failure(what: "no root") }
        for der in untrusted {
            guard let certificate = read(der) else { return false }
            OPENSSL_sk_push(chain, UnsafeRawPointer(certificate))
        }
        guard X509_STORE_CTX_init(context, store, leaf, chain) == 1 else { throw Failure(what: "no context") }
        X509_STORE_CTX_set_time(context, 0, time_t(seconds))
        let isAccepted = X509_verify_cert(context) == 1
        ERR_clear_error()
        return isAccepted
    }
}
