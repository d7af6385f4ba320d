// Aligned columns, the text output of every command.

/// Rows of cells; columns are as wide as their longest cell and two spaces apart.
public struct TextTable: Sendable {
  private var rows: [[String]]
  private let numbers: Range<Int>

  /// A table with a header. The columns of `numbers`, by default all but the first, are aligned
  /// right, the others left.
  public init(_ header: [String], numbers: Range<Int>? = nil) {
    rows = [header]
    self.numbers = numbers ?? min(1, header.count)..<header.count
  }

  /// Adds a row with one cell per column.
  public mutating func add(_ cells: [String]) {
    precondition(cells.count == rows[0].count, "one cell a column")
    rows.append(cells)
  }

  /// The table as lines without trailing spaces.
  public var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        if column > 0 { line += "  " }
        let space = String(repeating: " ", count: widths[column] - cell.count)
        line += numbers.contains(column) ? space + cell : cell + space
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
