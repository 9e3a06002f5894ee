// SPDX-License-Identifier: Apache-2.0
import CZlib

/// Unpacks gzip, RFC 1952, into memory of a bounded size.
enum Gzip {
    /// Bytes that come out at a time: what a small repository takes in all.
    private static let step = 64 << 10
    /// Header and trailer of one member without any data, §2.3.
    private static let shortestHeader = 10

    /// All members one after the other, §2.2. Stops as soon as more than `limit` bytes have come out.
    static func decompress(_ bytes: [UInt8], limit: Int) throws(ArchiveError) -> [UInt8] {
        guard bytes.count >= shortestHeader else { throw .endsEarly }
        guard bytes[0] == 0x1F, bytes[1] == 0x8B else { throw .noGzip }
        guard bytes.count <= Int(UInt32.max) else { throw .tooLong(limit: limit) }
        var input = bytes
        let result: Result<[UInt8], ArchiveError> = input.withUnsafeMutableBufferPointer { input in
            do throws(ArchiveError) { return .success(try inflate(input, limit)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private static func inflate(
        _ input: UnsafeMutableBufferPointer<UInt8>, _ limit: Int
    ) throws(ArchiveError) -> [UInt8] {
        var stream = z_stream()
        // 15 bits of window, and 16 for a gzip header and trailer and no other.
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .corrupt
        }
        defer { inflateEnd(&stream) }
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        var output: [UInt8] = []
        var part = [UInt8](repeating: 0, count: step)
        while true {
            let (status, count) = part.withUnsafeMutableBufferPointer { part in
                stream.next_out = part.baseAddress
                stream.avail_out = UInt32(part.count)
                let status = CZlib.inflate(&stream, Z_NO_FLUSH)
                return (status, part.count - Int(stream.avail_out))
            }
            guard output.count + count <= limit else { throw .tooLong(limit: limit) }
            output += part[..<count]
            switch status {
            case Z_OK: continue
            case Z_STREAM_END:
                guard stream.avail_in > 0 else { return output }
                guard inflateReset(&stream) == Z_OK else { throw .corrupt }
            // No progress is possible: nothing is left to read, and the member is not complete.
            case Z_BUF_ERROR: throw .endsEarly
            default: throw .corrupt
            }
        }
    }
}
