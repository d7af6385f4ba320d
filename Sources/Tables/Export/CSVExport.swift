// Result files as CSV: one table for all variables of a group with the same axes.
import Foundation
import HDF5
import Runs

/// Writes the datasets of a result file as CSV (RFC 4180), UTF-8, with a header line.
///
/// A group's variables over the same axes are the columns of one table, after one column per axis
/// with the values of its scale. Variables with several axes are in long form, one row per element.
/// Scalars of the whole file are one table, `scalars.csv`, of paths and values. Numbers have the
/// fewest digits that read back as the same number; undefined ones are `NaN`.
public enum CSVExport {
  /// - Parameters:
  ///   - names: groups or datasets to export; if empty, all.
  ///   - folder: the folder to make; its parent must exist.
  ///   - overwrite: whether an existing folder of CSV files may be replaced.
  /// - Returns: The names of the files, and what cannot be exported: paths with reasons.
  public static func write(
    _ file: String, names: [String], to folder: String, overwrite: Bool
  ) throws -> (files: [String], omissions: [String]) {
    try check(folder, overwrite: overwrite)
    let root = try HDF5File.open(file).root
    let selection = try ExportedDataset.all(in: root, names, file: file)
    let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    let temporary = "\(folder).\(ProcessInfo.processInfo.processIdentifier).partial"
    let files = FileManager.default
    try? files.removeItem(atPath: temporary)
    do {
      try files.createDirectory(atPath: temporary, withIntermediateDirectories: false)
      let written = try tables(selection.datasets).map { table in
        try table.write(root, to: "\(temporary)/\(table.name).csv")
        return table.name + ".csv"
      }
      if files.fileExists(atPath: folder) { try files.removeItem(atPath: folder) }
      try files.moveItem(atPath: temporary, toPath: folder)
      return (written, selection.omissions)
    } catch let error as CocoaError {
      try? files.removeItem(atPath: temporary)
      throw OutputError.machine(folder, "cannot be written", error)
    } catch {
      try? files.removeItem(atPath: temporary)
      throw error
    }
  }

  /// Refuses a folder whose parent does not exist, or that has files other than an earlier export.
  private static func check(_ folder: String, overwrite: Bool) throws(OutputError) {
    let parent = URL(fileURLWithPath: folder).deletingLastPathComponent().path
    guard FileKind(parent) == .folder else {
      throw .usage(folder, "the folder \(parent) does not exist (expected it to be there)")
    }
    guard FileKind(folder) != .absent else { return }
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard FileKind(folder) == .folder, contents.allSatisfy({ $0.hasSuffix(".csv") }) else {
      throw .usage(folder, "is no folder of CSV files (expected one, or nothing)")
    }
    guard overwrite else {
      throw .usage(folder, "the folder exists already (--overwrite replaces it)")
    }
  }

  // MARK: - Tables

  /// Variables over the same axes.
  fileprivate struct Table {
    var name: String
    /// Names of the scales; nil where an axis has none.
    let axes: [String?]
    let group: String
    var columns: [ExportedDataset]
  }

  private static func tables(_ datasets: [ExportedDataset]) throws -> [Table] {
    var tables: [Table] = []
    for dataset in datasets where !dataset.shape.isEmpty {
      let names = try dataset.dataset.scaleNames
      // A scale is its own axis; it becomes a column of the variables over it.
      let axes = try dataset.dataset.isScale ? [dataset.name] : names
      let place = tables.firstIndex {
        $0.group == dataset.group && $0.axes == axes && $0.columns[0].shape == dataset.shape
      }
      if let place {
        tables[place].columns.append(dataset)
      } else {
        tables.append(
          Table(name: "", axes: axes, group: dataset.group, columns: [dataset]))
      }
    }
    // A table with nothing but the axis of another table is left out.
    let all = tables
    tables.removeAll { table in
      table.columns.count == 1 && table.axes.count == 1 && table.columns[0].name == table.axes[0]
        && all.contains {
          $0.group == table.group && $0.axes != table.axes && $0.axes.contains(table.axes[0])
        }
    }
    var used: Set<String> = []
    for index in tables.indices {
      let table = tables[index]
      let group = table.group.isEmpty ? "root" : table.group.replacing("/", with: ".")
      let alone = tables.count { $0.group == table.group } == 1
      var name = alone ? group : group + "." + table.axes.map { $0 ?? "row" }.joined(separator: "-")
      if !used.insert(name).inserted {
        name += "." + table.columns[0].name
        used.insert(name)
      }
      tables[index].name = name
    }
    let scalars = datasets.filter(\.shape.isEmpty)
    if !scalars.isEmpty {
      tables.append(Table(name: "scalars", axes: [], group: "", columns: scalars))
    }
    return tables
  }
}

extension CSVExport.Table {
  fileprivate func write(_ root: HDF5Group, to path: String) throws {
    guard FileManager.default.createFile(atPath: path, contents: nil) else {
      throw OutputError.machine(path, "cannot be written", POSIXError(.EIO))
    }
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    defer { try? file.close() }
    func put(_ lines: [[String]]) throws {
      let text = lines.map { $0.map(Self.quoted).joined(separator: ",") + "\r\n" }.joined()
      try file.write(contentsOf: Data(text.utf8))
    }
    guard let first = columns.first, !axes.isEmpty else {
      try put([["path", "value"]])
      return try put(columns.map { [$0.path, try $0.cells(nil)[0]] })
    }
    let scales = try axes.enumerated().map { axis, name -> [String] in
      guard let name else { return (0..<first.shape[axis]).map(String.init) }
      let path = group.isEmpty ? name : group + "/" + name
      let scale = try root.dataset(path)
      return try ExportedDataset(
        path: path, dataset: scale, type: scale.elementType, shape: scale.shape
      ).cells(nil)
    }
    let variables = columns.filter { axes.count > 1 || $0.name != axes[0] }
    try put([axes.enumerated().map { $1 ?? "axis\($0)" } + variables.map(\.name)])
    let inner = first.shape.dropFirst().reduce(1, *)
    try first.dataset.forEachRowBlock { rows in
      guard let rows else { return }
      let cells = try variables.map { try $0.cells(rows) }
      try put(
        (0..<rows.count * inner).map { place in
          var rest = place
          var index = [Int](repeating: 0, count: axes.count)
          for axis in axes.indices.dropFirst().reversed() {
            index[axis] = rest % first.shape[axis]
            rest /= first.shape[axis]
          }
          index[0] = rows.lowerBound + rest
          return zip(scales, index).map { $0[$1] } + cells.map { $0[place] }
        })
    }
  }

  private static func quoted(_ cell: String) -> String {
    guard cell.utf8.contains(where: { [0x22, 0x2c, 0x0a, 0x0d].contains($0) }) else { return cell }
    return "\"" + cell.replacing("\"", with: "\"\"") + "\""
  }
}

extension ExportedDataset {
  /// The values of some rows, of all for nil, as text.
  fileprivate func cells(_ rows: Range<Int>?) throws -> [String] {
    switch type {
    case .string: try dataset.read(String.self, rows: rows)
    case .float32: try dataset.read(Float.self, rows: rows).map { $0.isNaN ? "NaN" : "\($0)" }
    case .float64: try dataset.read(Double.self, rows: rows).map { $0.isNaN ? "NaN" : "\($0)" }
    case .uint64: try dataset.read(UInt64.self, rows: rows).map(String.init)
    default: try dataset.read(Int64.self, rows: rows).map(String.init)
    }
  }
}
