// SPDX-License-Identifier: Apache-2.0

/// Plain values in a row, for one owner: an array without the question of who else holds it, which is asked of an array at
/// every change. What is read for one text is changed once or twice for each of its bytes.
struct GrowingBuffer<Element: BitwiseCopyable>: ~Copyable {
    private var storage: UnsafeMutableBufferPointer<Element>
    private(set) var count = 0

    init(capacity: Int) { storage = .allocate(capacity: max(16, capacity)) }

    deinit { storage.deallocate() }

    mutating func append(_ element: Element) {
        if count == storage.count { grow() }
        storage.initializeElement(at: count, to: element)
        count += 1
    }

    private mutating func grow() {
        let larger = UnsafeMutableBufferPointer<Element>.allocate(capacity: 2 * storage.count)
        _ = larger.initialize(fromContentsOf: storage[..<count])
        storage.deallocate()
        storage = larger
    }

    /// - Precondition: `position` is that of an element.
    subscript(position: Int) -> Element {
        get {
            precondition(position >= 0 && position < count)
            return storage[position]
        }
        set {
            precondition(position >= 0 && position < count)
            storage[position] = newValue
        }
    }

    /// Keeps so many of the first; no more than there are.
    mutating func keepFirst(_ wanted: Int) { count = min(count, max(0, wanted)) }

    var array: [Element] { Array(storage[..<count]) }
}
