// Aligned columns, the form in which every command shows its results.

/// Rows of cells; columns are as wide as their longest cell and two spaces apart.
struct Table {
  private var rows: [[String]]
  private let leftColumns: Int

  /// A table with a header. The first `leftColumns` columns are text, aligned left; the others are
  /// numbers, aligned right.
  init(_ header: [String], leftColumns: Int = 1) {
    rows = [header]
    self.leftColumns = leftColumns
  }

  /// Adds a row with one cell a column.
  mutating func add(_ cells: [String]) {
    precondition(cells.count == rows[0].count, "one cell a column")
    rows.append(cells)
  }

  /// The table as lines without trailing spaces.
  var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        if column > 0 { line += "  " }
        let space = String(repeating: " ", count: widths[column] - cell.count)
        line += column < leftColumns ? cell + space : space + cell
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
