// Part i of n of a run's rollouts.

/// A contiguous part of the rollouts, cut at block boundaries so that no part depends on how many
/// there are.
public struct Shard: Sendable, Hashable, CustomStringConvertible {
  /// From 0.
  public let index: Int
  public let count: Int

  /// Rollouts that are never separated.
  public static let block = 8
  /// The most parts.
  public static let limit = 1 << 20

  /// nil unless 0 <= index < count <= `limit`.
  public init?(index: Int, count: Int) {
    guard index >= 0, index < count, count <= Self.limit else { return nil }
    self.index = index
    self.count = count
  }

  /// From `i/n`; nil for any other text.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]) else { return nil }
    self.init(index: index, count: count)
  }

  /// `i/n`.
  public var description: String { "\(index)/\(count)" }

  /// The rollouts of this part; empty where there are more parts than blocks.
  public func range(of total: Int) -> Range<Int> {
    let blocks = (total + Self.block - 1) / Self.block
    func start(_ part: Int) -> Int {
      // Exact for any sizes: the product has twice the width.
      let (high, low) = blocks.multipliedFullWidth(by: part)
      return min(total, count.dividingFullWidth((high, low)).quotient * Self.block)
    }
    return start(index)..<start(index + 1)
  }
}
