// Compares new numbers with their baseline, in units of the tolerance.

/// The comparison of one baseline with new numbers.
public struct BaselineComparison: Sendable {
  public struct Row: Sendable {
    public let name: String
    /// NaN if the quantity is not in the baseline.
    public let baseline: Double
    /// NaN if it was not measured.
    public let fresh: Double
    public let tolerance: Double
    public let reason: String

    /// |fresh − baseline| in tolerances; infinite where either is missing, or where they differ
    /// at tolerance 0.
    public var distance: Double {
      let difference = (fresh - baseline).magnitude
      if difference == 0 { return 0 }
      let distance = difference / tolerance
      return distance.isNaN ? .infinity : distance
    }
  }

  public let rows: [Row]

  /// - Parameters:
  ///   - fresh: measured values by name.
  ///   - ignoringOthers: whether values that the baseline does not know are passed over; otherwise
  ///     they fail.
  public init(
    _ baseline: Baseline, fresh: [(name: String, value: Double)], ignoringOthers: Bool = false
  ) {
    var values: [String: Double] = [:]
    for (name, value) in fresh { values[name] = value }
    let known = Set(baseline.quantities.map(\.name))
    rows =
      baseline.quantities.map {
        Row(
          name: $0.name, baseline: $0.value, fresh: values[$0.name] ?? .nan,
          tolerance: $0.tolerance, reason: $0.reason)
      }
      + fresh.filter { !ignoringOthers && !known.contains($0.name) }.map {
        Row(
          name: $0.name, baseline: .nan, fresh: $0.value, tolerance: 0,
          reason: "not in the baseline")
      }
  }

  /// Rows beyond their tolerance, the worst first.
  public var failures: [Row] {
    rows.filter { $0.distance > 1 }.sorted { $0.distance > $1.distance }
  }
}
