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
  /// The names of what the coordinates stand for, `NAME_name`, written right after the axis.
  public let names: Variable?

  public init(
    _ name: String, units: String = "1", _ longName: String, _ coordinates: Coordinates,
    isStored: Bool = false
  ) {
    self.name = name
    self.units = units
    self.longName = longName
    self.coordinates = coordinates
    self.isStored = isStored
    names = nil
  }

  /// An axis of named things: the coordinates 0, 1, … and the names as texts.
  ///
  /// - Parameter longNameOfNames: a sentence without a full stop.
  public init(_ name: String, _ longName: String, names: [String], _ longNameOfNames: String) {
    self.name = name
    units = "1"
    self.longName = longName
    coordinates = .count(names.count)
    isStored = false
    self.names = Variable(name + "_name", longNameOfNames, over: [name]) { .texts(names) }
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
  /// Texts that belong to the group as a whole, such as the file that it describes.
  public var attributes: [(name: String, text: String)]

  public init(
    axes: [Axis] = [], variables: [Variable] = [], plot: Plot? = nil,
    groups: [(name: String, group: @Sendable () -> VariableGroup)] = [],
    attributes: [(name: String, text: String)] = []
  ) {
    self.axes = axes
    self.variables = variables
    self.plot = plot
    self.groups = groups
    self.attributes = attributes
  }
}
