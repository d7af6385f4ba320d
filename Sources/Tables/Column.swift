// One quantity of a result, described once.

/// A named quantity that every row of a table has.
///
/// Every output of the quantity is made from this description: the HDF5 variable, the member of a
/// JSON line, the journal's record, the column of a printed table. To add a quantity, add a column.
public struct Column<Row, Value>: Sendable {
  /// The name in files, such as `cosine`.
  public let name: String
  /// A unit of UDUNITS or of the field (`nat`, `token`); "1" without one.
  public let units: String
  /// A sentence without a full stop, for plots.
  public let longName: String
  /// The quantity of a row.
  public let value: @Sendable (Row) -> Value
  /// Where the quantity is stored in a row. Nil if it follows from others: it is then written but
  /// never read back.
  public let path: (WritableKeyPath<Row, Value> & Sendable)?

  /// A quantity that is stored in rows, so that it can be read back from files and journals.
  public init(
    _ name: String, units: String = "1", _ longName: String,
    _ path: WritableKeyPath<Row, Value> & Sendable
  ) {
    self.name = name
    self.units = units
    self.longName = longName
    self.path = path
    value = { $0[keyPath: path] }
  }

  /// A quantity that follows from the others of a row.
  public init(
    _ name: String, units: String = "1", _ longName: String,
    derived value: @escaping @Sendable (Row) -> Value
  ) {
    self.name = name
    self.units = units
    self.longName = longName
    self.value = value
    path = nil
  }

  /// Whether the quantity is stored, as opposed to following from others.
  public var isStored: Bool { path != nil }
}

extension Column {
  /// The variable of all rows, for quantities of any kind.
  public func variable(
    _ rows: [Row], over axes: [String], _ cells: ([Value]) -> Cells
  ) -> Variable {
    let values = cells(rows.map(value))
    return Variable(name, units: units, longName, over: axes, isStored: isStored) { values }
  }
}

extension Column where Value == Double {
  /// The variable of all rows.
  public func variable(_ rows: [Row], over axes: [String]) -> Variable {
    variable(rows, over: axes) { .reals($0) }
  }
}
