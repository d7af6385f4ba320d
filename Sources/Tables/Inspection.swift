// The contents of a file as a table: result files, safetensors files and checkpoint folders.
import Foundation
import HDF5
import Runs
import Safetensors
import StrictJSON

/// The contents of a file in names, types and shapes.
public struct Inspection: Sendable {
  /// `alignment result`, `checkpoint`, …
  public let kind: String
  /// Facts about the whole file: name and value.
  public private(set) var facts: [(name: String, value: String)] = []
  /// The names of the columns of `rows`.
  public let columns: [String]
  /// One row per dataset or tensor.
  public private(set) var rows: [[String]] = []

  /// Reads a file or folder.
  ///
  /// - Throws: `OutputError` for a file of another kind; `HDF5Error` or `SafetensorsError` for a
  ///   damaged one.
  public init(_ path: String) throws {
    switch FileKind(path) {
    case .absent: throw OutputError.usage(path, "there is no such file (expected one to inspect)")
    case .folder:
      try Self.requireCheckpoint(path)
      try self.init(checkpoint: path)
    default:
      let start: [UInt8]
      do {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        start = [UInt8](try handle.read(upToCount: Self.signature.count) ?? Data())
      } catch {
        throw OutputError.machine(path, "cannot read", error)
      }
      if start == Self.signature {
        try self.init(hdf5: path)
      } else if path.hasSuffix(".safetensors") {
        try self.init(safetensors: path)
      } else {
        throw OutputError.usage(
          path, "not recognised (expected an HDF5 or safetensors file, or a checkpoint folder)")
      }
    }
  }

  /// Names the result files of a folder without a model.
  private static func requireCheckpoint(_ path: String) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    let results = names.filter { $0.hasSuffix(".h5") }
    guard !results.isEmpty, !names.contains(where: { $0.contains(".safetensors") }) else { return }
    throw OutputError.usage(
      path,
      "is no checkpoint folder (expected one, or a file in it: \(results.joined(separator: ", ")))"
    )
  }

  /// The first bytes of an HDF5 file.
  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The same as JSON: `kind`, `facts` and one object per row.
  public var json: JSON {
    var facts = JSONObject()
    for (name, value) in self.facts { facts[name] = .string(value) }
    return [
      "kind": .string(kind), "facts": .object(facts),
      "contents": .array(
        rows.map { row in
          var object = JSONObject()
          for (column, cell) in zip(columns, row) { object[column] = .string(cell) }
          return .object(object)
        }),
    ]
  }

  // MARK: - HDF5

  private init(hdf5 path: String) throws {
    let root = try HDF5File.open(path).root
    for name in try root.attributes.names() {
      facts.append((name, "\(try root.attributes.value(name))"))
    }
    let schema = facts.first { $0.name == "schema" }?.value ?? ""
    kind = schema.hasPrefix("prerl.") ? "\(schema.dropFirst(6)) result" : "HDF5 file"
    // Results come first.
    var findings: [(name: String, value: String)] = []
    for name in ["n", "cosine_mean", "inner_product_mean", "logp_gap_mean"] {
      guard try root.contains("summary/\(name)") else { continue }
      let dataset = try root.dataset("summary/\(name)")
      let value =
        try dataset.elementType == .int64
        ? dataset.read(Int.self).map(String.init) : dataset.read(Double.self).map { "\($0)" }
      findings.append((name, value.joined()))
    }
    facts = findings + facts
    columns = ["dataset", "type", "shape", "units", "description"]
    var seen = Set<HDF5Identity>()  // a dataset with several names is listed under the first
    for member in try root.descendants() {
      switch member.kind {
      case .group: continue
      case .namedType: rows.append([member.name, "named type", "", "", ""])
      case .brokenLink: rows.append([member.name, "link", "leads nowhere", "", ""])
      case .dataset: try list(root.dataset(member.name), as: member.name, &seen)
      }
    }
  }

  private mutating func list(
    _ dataset: HDF5Dataset, as name: String, _ seen: inout Set<HDF5Identity>
  ) throws {
    guard seen.insert(try dataset.identity).inserted else { return }
    func text(_ name: String) throws -> String {
      try dataset.attributes.contains(name) ? "\(try dataset.attributes.value(name))" : ""
    }
    // The names of the axes with their lengths, as far as the file has them.
    let axes = try zip(dataset.shape, dataset.scaleNames).map { extent, name in
      name.map { "\($0)=\(extent)" } ?? "\(extent)"
    }
    let shape = try dataset.isNull ? "null" : axes.joined(separator: ", ")
    rows.append([
      name, "\(try dataset.elementType)", shape, try text("units"), try text("long_name"),
    ])
  }

  // MARK: - Safetensors

  private init(safetensors path: String) throws {
    let file = try SafetensorsFile(path: path)
    self.init(kind: "safetensors file", file.tensors)
    facts += file.metadata.map { ($0.key, $0.value) }
  }

  private init(checkpoint path: String) throws {
    let checkpoint = try SafetensorsCheckpoint(directory: path)
    self.init(kind: "checkpoint", checkpoint.tensors)
    let prefix = path.hasSuffix("/") ? path : path + "/"
    facts.append(
      (
        "files",
        checkpoint.files.map { $0.hasPrefix(prefix) ? String($0.dropFirst(prefix.count)) : $0 }
          .joined(separator: ", ")
      ))
    // If it is absent or malformed, the tensors are still listed.
    let configuration = prefix + "config.json"
    if let data = FileKind.contents(ofFile: configuration),
      let members = try? JSON.parse([UInt8](data)).objectValue?.members
    {
      facts += members.map { ($0.key, $0.value.stringValue ?? $0.value.text()) }
    }
  }

  private init(kind: String, _ tensors: [TensorInfo]) {
    self.kind = kind
    columns = ["tensor", "type", "shape", "elements"]
    rows = tensors.map { tensor in
      [
        tensor.name, tensor.dtype.rawValue, tensor.shape.map(String.init).joined(separator: " × "),
        "\(tensor.elementCount)",
      ]
    }
    facts = [
      ("tensors", "\(tensors.count)"),
      ("parameters", "\(tensors.reduce(0.0) { $0 + Double($1.elementCount) }.formatted())"),
    ]
  }
}
