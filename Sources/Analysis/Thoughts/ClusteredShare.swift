// A fraction of events, counted response by response.
import Statistics

/// The fraction of events with a property: precision, recall, flips per move.
public struct ClusteredShare: Sendable {
  private var values: [Double] = []
  private var weights: [Double] = []
  private var clusters: [Int] = []
  /// The events.
  public private(set) var total = 0
  /// The events with the property.
  public private(set) var count = 0

  /// Nothing counted yet.
  public init() {}

  /// Adds the events of one response.
  public mutating func add(_ count: Int, of total: Int, cluster: Int) {
    precondition(count >= 0 && count <= total, "a part is no more than the whole")
    self.count += count
    self.total += total
    if total == 0 { return }
    values.append(Double(count) / Double(total))
    weights.append(Double(total))
    clusters.append(cluster)
  }

  /// The fraction with Korn and Graubard's interval; NaN without events.
  public var interval: Interval {
    ClusteredSample(values, clusters: clusters, weights: weights).fraction()
  }
}
