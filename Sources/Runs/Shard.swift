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

  /// The part of a task of a Slurm array: its tasks in the order of their numbers.
  ///
  /// - Parameters:
  ///   - environment: `SLURM_ARRAY_TASK_ID`, `_COUNT`, `_MIN`, `_MAX` and `_STEP` of the task.
  ///   - failure: An error that says so much.
  /// - Throws: `failure` outside an array, and in one whose task numbers have gaps: it would not say
  ///   which part is meant.
  public init<Failure: Error>(
    slurm environment: [String: String], failure: (String) -> Failure
  ) throws(Failure) {
    func number(_ name: String, _ missing: Int? = nil) throws(Failure) -> Int {
      let key = "SLURM_ARRAY_TASK_\(name)"
      guard let text = environment[key] else {
        if let missing { return missing }
        throw failure("\(key) is not set (expected a task of a Slurm array; elsewhere i/n)")
      }
      guard let value = Int(text), (0...Int(Int32.max)).contains(value) else {
        throw failure("\(key) is \(text.debugDescription) (expected a number)")
      }
      return value
    }
    let (id, count, first) = (try number("ID"), try number("COUNT"), try number("MIN"))
    let (last, step) = (try number("MAX"), max(1, try number("STEP", 1)))
    // A list such as 0,3,7 and a single task that is submitted again look alike: part of something else.
    guard last - first == (count - 1) * step, (id - first).isMultiple(of: step),
      let shard = Shard(index: (id - first) / step, count: count), count > 1 || first == 0
    else {
      throw failure(
        "task \(id) of \(count) from \(first) to \(last) is no whole array without gaps (expected --array=0-N; for single parts i/n)"
      )
    }
    self = shard
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
