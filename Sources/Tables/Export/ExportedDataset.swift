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

  /// What is exported of a file, and what of it cannot be.
  struct Selection {
    var datasets: [ExportedDataset] = []
    /// Paths with the reason in parentheses.
    var omissions: [String] = []
  }

  /// The datasets under the given groups or of the given names, all of them for an empty list, in
  /// the order of the file.
  ///
  /// - Throws: `OutputError` for a name that the file does not have, or whose values cannot be
  ///   exported.
  static func all(in root: HDF5Group, _ names: [String], file: String) throws -> Selection {
    let names = names.map { $0.split(separator: "/").joined(separator: "/") }
    let members = try root.descendants()
    for name in names where !members.contains(where: { $0.name == name }) {
      throw OutputError.usage(
        file, "there is no group or dataset '\(name)' (prerl inspect lists what there is)")
    }
    var selection = Selection()
    func omit(_ path: String, _ reason: String) throws {
      guard !names.contains(path) else {
        throw OutputError.usage(
          file, "'\(path)' cannot be exported: \(reason) (expected numbers or texts)")
      }
      selection.omissions.append("\(path) (\(reason))")
    }
    for member in members
    where names.isEmpty
      || names.contains(where: { $0 == member.name || member.name.hasPrefix($0 + "/") })
    {
      switch member.kind {
      case .group, .namedType: continue
      case .brokenLink: try omit(member.name, "a link that leads nowhere")
      case .dataset:
        let dataset = try root.dataset(member.name)
        let type = try dataset.elementType
        if case .other = type {
          try omit(member.name, "\(type)")
        } else {
          selection.datasets.append(
            ExportedDataset(
              path: member.name, dataset: dataset, type: type, shape: try dataset.shape))
        }
      }
    }
    return selection
  }
}
