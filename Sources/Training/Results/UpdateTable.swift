// Statistics of update rules along a run, as they go into `/update` of the result file.

/// Variables over steps, update rules and pairs of them.
public struct UpdateTable: Sendable {
  /// What one step has of a variable.
  public enum Extent: Sendable {
    /// One value.
    case step
    /// One value a rule.
    case rule
    /// One value a pair of rules, the first slowest.
    case pair
  }

  /// One variable.
  public struct Variable: Sendable {
    public let name: String
    public let units: String
    public let longName: String
    public let extent: Extent
    /// Step after step; NaN where there is none.
    public let values: [Double]

    public init(
      name: String, units: String = "1", longName: String, extent: Extent, values: [Double]
    ) {
      self.name = name
      self.units = units
      self.longName = longName
      self.extent = extent
      self.values = values
    }
  }

  public let steps: [Int]
  public let ruleNames: [String]
  public let variables: [Variable]

  public init(steps: [Int], ruleNames: [String], variables: [Variable]) {
    self.steps = steps
    self.ruleNames = ruleNames
    self.variables = variables
    precondition(
      variables.allSatisfy { $0.values.count == steps.count * count($0.extent) },
      "as many values a step as its extent has")
  }

  /// Values that one step has.
  public func count(_ extent: Extent) -> Int {
    switch extent {
    case .step: 1
    case .rule: ruleNames.count
    case .pair: ruleNames.count * ruleNames.count
    }
  }
}
