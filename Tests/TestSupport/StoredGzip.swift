// SPDX-License-Identifier: Apache-2.0

/// gzip around bytes that are not compressed, as any reader of gzip takes it. RFC 1952, and RFC 1951 §3.2.4.
public func storedGzip(_ bytes: [UInt8]) -> [UInt8] {
    func little(_ number: UInt32, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
    }
    var written: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    var rest = bytes[...]
    repeat {
        let block = rest.prefix(0xFFFF)
        rest = rest.dropFirst(block.count)
        let length = UInt32(block.count)
        written += [rest.isEmpty ? 1 : 0] + little(length, 2) + little(~length, 2) + block
    } while !rest.isEmpty
    return written + little(checksum(bytes), 4) + little(UInt32(truncatingIfNeeded: bytes.count), 4)
}

/// CRC-32 as gzip has it.
private func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
        sum ^= UInt32(byte)
        for _ in 0..<8 {
            let half: UInt32 = sum >> 1
            sum = sum & 1 == 1 ? half ^ 0xEDB8_8320 : half
        }
    }
    return ~sum
}
