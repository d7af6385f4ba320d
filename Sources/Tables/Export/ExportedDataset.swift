// The datasets of a result file, for export to other formats.
import HDF5
import Runs

/// The datasets of a file that an export takes.
struct ExportedDataset {
  /// Without the leading slash.
  let path: String
  let dataset: HDF5Dataset
  let type: HDF5ElementType
  let shape: [Int]

  /// `samples` of `samples/cosine`; empty at the root.
  var group: String {
    path.split(separator: "/").dropLast().joined(separator: "/")
  }

  var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// The datasets under the given groups or of the given names, all of them for an empty list, in
  /// the order of the file.
  ///
  /// - Throws: `OutputError` for a name that the file does not have.
  static func all(in root: HDF5Group, _ names: [String], file: String) throws -> [ExportedDataset] {
    let names = names.map { $0.split(separator: "/").joined(separator: "/") }
    let members = try root.descendants()
    for name in names where !members.contains(where: { $0.name == name }) {
      throw OutputError.usage(
        file, "there is no group or dataset '\(name)' (prerl inspect lists what there is)")
    }
    return try members.filter { member in
      member.kind == .dataset
        && (names.isEmpty
          || names.contains { $0 == member.name || member.name.hasPrefix($0 + "/") })
    }.compactMap { member in
      let dataset = try root.dataset(member.name)
      let type = try dataset.elementType
      if case .other = type { return nil }  // no writer of this package makes them
      return ExportedDataset(
        path: member.name, dataset: dataset, type: type, shape: try dataset.shape)
    }
  }
}
