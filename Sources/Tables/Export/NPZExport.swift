// Result files as NPZ, which numpy.load opens without pickle.
import Foundation
import HDF5
import Runs

/// Writes the datasets of a result file as the arrays of one NPZ archive: a stored (uncompressed)
/// zip of NPY 1.0 files, named by the datasets' paths with a dot for each slash. Numbers keep
/// their type (integers become int64), texts become fixed-width Unicode.
public enum NPZExport {
  /// - Parameters:
  ///   - names: groups or datasets to take; none takes all.
  ///   - path: `AtomicFile.publish` gives it.
  /// - Returns: The number of arrays, and what cannot be exported: paths with reasons.
  /// - Throws: `OutputError` where two datasets would have one name.
  public static func write(
    _ file: String, names: [String], to path: String
  ) throws -> (count: Int, omissions: [String]) {
    let root = try HDF5File.open(file).root
    let selection = try ExportedDataset.all(in: root, names, file: file)
    var paths: [String: String] = [:]
    var zip = try StoredZip(path: path)
    for dataset in selection.datasets {
      let name = dataset.path.replacing("/", with: ".")
      if let other = paths.updateValue(dataset.path, forKey: name) {
        throw OutputError.usage(
          file,
          "\(other) and \(dataset.path) would both be the array \(name) (expected one of them: "
            + "--group PATH)")
      }
      try zip.add(name: name + ".npy") { put in try Self.write(dataset, put) }
    }
    try zip.finish()
    return (selection.datasets.count, selection.omissions)
  }

  private static func write(
    _ array: ExportedDataset, _ put: (borrowing ByteWriter) throws -> Void
  ) throws {
    var width = 1  // characters of the longest text; numpy has none of width 0
    if array.type == .string {
      try array.dataset.forEachRowBlock { rows in
        for text in try array.dataset.read(String.self, rows: rows) {
          width = max(width, text.unicodeScalars.count)
        }
      }
    }
    let type =
      switch array.type {
      case .string: "<U\(width)"
      case .float32: "<f4"
      case .float64: "<f8"
      case .uint64: "<u8"
      default: "<i8"
      }
    let shape = array.shape.map { "\($0)," }.joined(separator: " ")
    try put(header("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(shape)), }"))
    try array.dataset.forEachRowBlock { rows in
      var bytes = ByteWriter()
      switch array.type {
      case .string:
        for text in try array.dataset.read(String.self, rows: rows) {
          var count = 0
          for scalar in text.unicodeScalars {
            bytes.put(scalar.value)
            count += 1
          }
          for _ in count..<width { bytes.put(UInt32(0)) }
        }
      case .float32:
        for value in try array.dataset.read(Float.self, rows: rows) { bytes.put(value.bitPattern) }
      case .float64:
        for value in try array.dataset.read(Double.self, rows: rows) { bytes.write(value) }
      case .uint64:
        for value in try array.dataset.read(UInt64.self, rows: rows) { bytes.write(value) }
      default:
        for value in try array.dataset.read(Int64.self, rows: rows) { bytes.write(Int(value)) }
      }
      try put(bytes)
    }
  }

  /// Magic, version 1.0, the length of the header, the header padded such that data begin at a
  /// multiple of 64 (numpy.lib.format).
  private static func header(_ dictionary: String) -> ByteWriter {
    let bare = 10 + dictionary.utf8.count + 1
    let text = dictionary + String(repeating: " ", count: (64 - bare % 64) % 64) + "\n"
    var bytes = ByteWriter()
    bytes.put([0x93] + Array("NUMPY".utf8) + [1, 0])
    bytes.put(UInt16(text.utf8.count))
    bytes.put(Array(text.utf8))
    return bytes
  }
}
