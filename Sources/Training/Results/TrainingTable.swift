// Rows of a run by step, as they go into a group of the result file.

/// Variables over steps, of equal length.
public struct TrainingTable: Sendable {
  /// One variable; `/` in its name becomes `_` in the file.
  public struct Variable: Sendable {
    public let name: String
    public let units: String
    public let longName: String
    /// One value a step; NaN where there is none.
    public let values: [Double]

    public init(name: String, units: String, longName: String, values: [Double]) {
      self.name = name
      self.units = units
      self.longName = longName
      self.values = values
    }
  }

  public let steps: [Int]
  public let variables: [Variable]

  public init(steps: [Int], variables: [Variable]) {
    precondition(
      variables.allSatisfy { $0.values.count == steps.count }, "one value a step of each variable")
    self.steps = steps
    self.variables = variables
  }
}
