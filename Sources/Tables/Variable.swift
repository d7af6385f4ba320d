// A variable of a result and its group, from which every format is made.

/// A named array over named axes.
public struct Variable: Sendable {
  public let name: String
  public let units: String
  /// A sentence without a full stop, for plots.
  public let longName: String
  /// Names of the group's axes, the slowest first; none for a single value.
  public let axes: [String]
  /// Whether it must be stored, as opposed to following from stored ones.
  public let isStored: Bool
  /// Computed when it is written, since derived values may be expensive.
  public let cells: @Sendable () -> Cells

  public init(
    _ name: String, units: String = "1", _ longName: String, over axes: [String] = [],
    isStored: Bool = false, _ cells: @escaping @Sendable () -> Cells
  ) {
    self.name = name
    self.units = units
    self.longName = longName
    self.axes = axes
    self.isStored = isStored
    self.cells = cells
  }
}

/// The coordinates of an axis.
public struct Axis: Sendable {
  public enum Coordinates: Sendable {
    /// 0, 1, …, count − 1.
    case count(Int)
    case integers([Int])
  }

  public let name: String
  public let units: String
  public let longName: String
  public let coordinates: Coordinates
  /// Whether the coordinates must be stored.
  public let isStored: Bool

  public init(
    _ name: String, units: String = "1", _ longName: String, _ coordinates: Coordinates,
    isStored: Bool = false
  ) {
    self.name = name
    self.units = units
    self.longName = longName
    self.coordinates = coordinates
    self.isStored = isStored
  }
}

/// Axes, variables over them, and the default plot.
public struct VariableGroup: Sendable {
  /// What viewers plot: a variable over numeric axes.
  public struct Plot: Sendable {
    public let signal: String
    public let axes: [String]
    public let title: String

    public init(signal: String, over axes: [String], title: String) {
      self.signal = signal
      self.axes = axes
      self.title = title
    }
  }

  public var axes: [Axis]
  public var variables: [Variable]
  public var plot: Plot?
  /// Groups inside this one, made when they are written.
  public var groups: [(name: String, group: @Sendable () -> VariableGroup)]

  public init(
    axes: [Axis], variables: [Variable], plot: Plot? = nil,
    groups: [(name: String, group: @Sendable () -> VariableGroup)] = []
  ) {
    self.axes = axes
    self.variables = variables
    self.plot = plot
    self.groups = groups
  }
}
