// SPDX-License-Identifier: Apache-2.0

/// A list that cannot be empty, so that a denial without a reason cannot be written down.
@frozen
public struct AtLeastOne<Element> {
    public let first: Element
    public let rest: [Element]

    @inlinable
    public init(_ first: Element, _ rest: [Element] = []) {
        self.first = first
        self.rest = rest
    }

    /// `nil` for an empty list.
    @inlinable
    public init?(_ elements: some Sequence<Element>) {
        var iterator = elements.makeIterator()
        guard let first = iterator.next() else { return nil }
        self.first = first
        rest = Array(IteratorSequence(iterator))
    }

    @inlinable
    public var all: [Element] { [first] + rest }

    @inlinable
    public func map<Other>(_ transform: (Element) -> Other) -> AtLeastOne<Other> {
        AtLeastOne<Other>(transform(first), rest.map(transform))
    }
}

extension AtLeastOne: Sendable where Element: Sendable {}
extension AtLeastOne: Equatable where Element: Equatable {}
extension AtLeastOne: Hashable where Element: Hashable {}
