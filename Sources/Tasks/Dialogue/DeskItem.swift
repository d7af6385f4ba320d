// The twelve items.

/// One of twelve items, a colour and a size. They are ordered by colour, then by size.
public struct DeskItem: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The place among all items, in 0..<12.
  public let index: Int

  /// The item of a place in 0..<12; programmer error outside.
  public init(_ index: Int) {
    precondition(0..<Self.count ~= index, "there are twelve items")
    self.index = index
  }

  /// The item of a token; nil if the token is no item.
  init?(token: Int32) {
    let first = DeskVocabulary.firstItem
    guard token >= first, token < first + Int32(Self.count) else { return nil }
    index = Int(token - first)
  }

  /// The number of items.
  public static let count = 12

  /// All items, in their order.
  public static let all = (0..<count).map { DeskItem($0) }

  /// Its value of an attribute, from 0.
  public func value(of attribute: DeskAttribute) -> Int {
    let sizes = DeskAttribute.size.valueCount
    return attribute == .colour ? index / sizes : index % sizes
  }

  /// How many attributes it shares with another item: 0, 1 or 2.
  public func matches(_ other: DeskItem) -> Int {
    DeskAttribute.allCases.count { value(of: $0) == other.value(of: $0) }
  }

  /// Its only token.
  public var token: Int32 { DeskVocabulary.firstItem + Int32(index) }

  /// Its word, such as `red-small`.
  public var description: String { DeskVocabulary.words[Int(token)] }

  public static func < (left: DeskItem, right: DeskItem) -> Bool { left.index < right.index }
}
