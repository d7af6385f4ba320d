// A statistic of a task's responses.

/// One statistic: its description, and its computation from responses. Metrics, evaluations and
/// their files are derived from it.
public struct TaskStatistic: Sendable {
  /// How the values of single responses are combined to one number.
  public enum Kind: Sendable {
    /// A count or length of each response, at least 0; reported as a mean, in metrics too.
    case mean(@Sendable (TaskResponse) -> Double)
    /// A fraction of something that each response has `whole` of: Σ part / Σ whole, in 0...1.
    case share(@Sendable (TaskResponse) -> (part: Double, whole: Double))
    /// One number of all responses together.
    case overall(@Sendable ([TaskResponse]) -> Double)
  }

  /// The name in files.
  public let name: String
  /// Its unit, "1" for none.
  public let units: String
  /// A description.
  public let longName: String
  /// The key in the output of `prerl evaluate --json`.
  public let evaluationKey: String
  public let kind: Kind

  /// A statistic; `evaluationKey` nil is the name.
  public init(
    _ name: String, units: String = "1", _ longName: String, evaluationKey: String? = nil,
    _ kind: Kind
  ) {
    self.name = name
    self.units = units
    self.longName = longName
    self.evaluationKey = evaluationKey ?? name
    self.kind = kind
  }

  /// The name in tables.
  public var title: String { name.replacing("_", with: " ") }
}
