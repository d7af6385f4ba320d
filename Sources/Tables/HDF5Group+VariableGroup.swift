// Groups of variables as HDF5 groups.
import HDF5
import Statistics

extension HDF5Group {
  /// Writes attributes, axes, variables, the plot and the groups inside.
  public func write(_ group: VariableGroup) throws {
    for (name, text) in group.attributes { try attributes.set(name, to: storable(text)) }
    for axis in group.axes {
      switch axis.coordinates {
      case .count(let count):
        try scale(axis.name, count: count, units: axis.units, longName: axis.longName)
      case .integers(let values):
        try scale(axis.name, values, units: axis.units, longName: axis.longName)
      }
      if let names = axis.names { try write(names) }
    }
    for variable in group.variables { try write(variable) }
    if let plot = group.plot {
      try markAsData(signal: plot.signal, axes: plot.axes, title: storable(plot.title))
    }
    for (name, inner) in group.groups { try createGroup(name).write(inner()) }
  }

  /// Writes one variable over scales that the group has.
  public func write(_ variable: Variable) throws {
    func put<Element: HDF5Element>(_ name: String, _ values: [Element], _ longName: String) throws {
      try self.variable(
        name, values, over: variable.axes, units: variable.units, longName: storable(longName))
    }
    switch variable.cells() {
    case .reals(let values): try put(variable.name, values, variable.longName)
    case .integers(let values): try put(variable.name, values, variable.longName)
    case .smallIntegers(let values): try put(variable.name, values, variable.longName)
    case .texts(let values): try put(variable.name, values.map(storable), variable.longName)
    case .intervals(let intervals):
      for part in Interval.parts {
        try put(
          variable.name + part.suffix, intervals.map { $0[keyPath: part.path] },
          variable.longName + part.words)
      }
    }
  }

  /// Writes one real variable per column, over a scale that the group has.
  public func write<Row>(_ columns: [Column<Row, Double>], _ rows: [Row], over axis: String) throws
  {
    for column in columns { try write(column.variable(rows, over: [axis])) }
  }
}

/// Removes NUL from a text, since HDF5 ends a text at NUL.
package func storable(_ text: String) -> String {
  text.utf8.contains(0) ? String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : text
}
