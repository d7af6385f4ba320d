// What is kept of a rollout file after its texts have been counted: a few numbers per response.

/// One row per response.
public struct ThoughtTable: Sendable {
  /// The number of kinds, the default kind included.
  public let kindCount: Int
  /// Each response's independent unit, an index from 0.
  public private(set) var clusters: [Int] = []
  /// Each response's problem, an index from 0.
  public private(set) var problems: [Int] = []
  /// Each response's length, in tokens or words.
  public private(set) var lengths: [Int] = []
  /// Each response's reward; NaN where there is none.
  public private(set) var rewards: [Double] = []
  /// Thoughts by kind, flat.
  public private(set) var counts: [Int32] = []  // (responses, kinds)

  /// A table without rows.
  public init(kindCount: Int) {
    self.kindCount = kindCount
  }

  /// The number of responses.
  public var responseCount: Int { lengths.count }

  /// The thoughts of a kind in one response.
  public func count(_ row: Int, _ kind: Int) -> Int { Int(counts[row * kindCount + kind]) }

  /// Adds a response; `counts` has one number per kind.
  public mutating func append(
    cluster: Int, problem: Int, length: Int, reward: Double?, counts: [Int]
  ) {
    precondition(counts.count == kindCount, "one count a kind")
    clusters.append(cluster)
    problems.append(problem)
    lengths.append(length)
    rewards.append(reward ?? .nan)
    self.counts += counts.map { Int32(clamping: $0) }
  }
}
