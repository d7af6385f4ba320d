// A checkpoint folder: one safetensors file, or shards with their index.
import StrictJSON

/// The tensors of a folder that holds `model.safetensors`, or else
/// `model.safetensors.index.json` and its shards (the order in which transformers looks).
///
/// An index must agree with its shards in both directions: each tensor is in exactly the shard that
/// the index names, and no shard has a tensor that is not listed.
public struct SafetensorsCheckpoint: Sendable {
  /// The tensors, file by file in the order of their data; shards in the order of their names.
  public let tensors: [TensorInfo]
  /// The paths of all files that were read, the index first; for hashing.
  public let files: [String]

  private let directory: String
  private let shards: [SafetensorsFile]
  /// The shard of a tensor, by the bytes of its name.
  private let owners: [[UInt8]: Int]

  /// Opens and validates the files of a folder.
  public init(directory: String) throws(SafetensorsError) {
    let prefix = directory.hasSuffix("/") ? directory : directory + "/"
    let single = prefix + "model.safetensors"
    let index = prefix + "model.safetensors.index.json"
    self.directory = directory
    if FileDescriptor.exists(single) {
      shards = [try SafetensorsFile(path: single)]
      files = [single]
      owners = try Self.owners(shards, index: single)
    } else if FileDescriptor.exists(index) {
      let weightMap = try Self.weightMap(index)
      var shards: [SafetensorsFile] = []
      for name in Self.distinct(weightMap.map(\.shard)) {
        guard FileDescriptor.exists(prefix + name) else {
          throw SafetensorsError(index, .missingShard(name))
        }
        shards.append(try SafetensorsFile(path: prefix + name))
      }
      owners = try Self.owners(shards, index: index)
      try Self.check(weightMap, owners, shards, index: index)
      self.shards = shards
      files = [index] + shards.map(\.path)
    } else {
      throw SafetensorsError(directory, .noCheckpoint)
    }
    tensors = shards.flatMap(\.tensors)
  }

  /// The tensor of this name, compared by bytes, or nil.
  public func tensor(named name: String) -> TensorInfo? {
    owners[Array(name.utf8)].flatMap { shards[$0].tensor(named: name) }
  }

  /// The path of the tensor's file, for messages; nil if there is no such tensor.
  public func path(of name: String) -> String? {
    owners[Array(name.utf8)].map { shards[$0].path }
  }

  /// Copies a tensor as `SafetensorsFile.copy(_:to:)` does.
  public func copy(
    _ name: String, to target: UnsafeMutableBufferPointer<Float>
  ) throws(SafetensorsError) {
    try shard(of: name).copy(name, to: target)
  }

  /// Copies a tensor as `SafetensorsFile.copy(_:to:)` does.
  public func copy(
    _ name: String, to target: UnsafeMutableBufferPointer<Double>
  ) throws(SafetensorsError) {
    try shard(of: name).copy(name, to: target)
  }

  /// A tensor that stays in its file, as `SafetensorsFile.mapped` gives it.
  public func mapped(_ name: String) throws(SafetensorsError) -> MappedTensor? {
    try shard(of: name).mapped(name)
  }

  private func shard(of name: String) throws(SafetensorsError) -> SafetensorsFile {
    guard let owner = owners[Array(name.utf8)] else {
      throw SafetensorsError(directory, .noSuchTensor(name))
    }
    return shards[owner]
  }

  // MARK: - The index

  private static func weightMap(
    _ path: String
  ) throws(SafetensorsError) -> [(tensor: String, shard: String)] {
    let (file, size) = try FileDescriptor.reading(path)
    guard size <= SafetensorsHeader.maximumLength else {
      throw SafetensorsError(path, .indexTooLong(fileSize: size))
    }
    let bytes = try file.read(count: size, at: 0)
    do throws(SafetensorsError.Problem) {
      var reader = try jsonObject(bytes)
      let entries: [(tensor: String, shard: String)]
      do throws(JSONValueError) {
        var map = try reader.object("weight_map")
        var strings: [(String, String)] = []
        for tensor in map.object.keys { strings.append((tensor, try map.string(tensor))) }
        entries = strings
      } catch {
        throw .unexpectedValue(error)
      }
      for (tensor, shard) in entries where !isPlainName(shard) {
        throw .unsafeShardName(tensor: tensor, shard: shard)
      }
      return entries
    } catch {
      throw SafetensorsError(path, error)
    }
  }

  /// Whether a name cannot lead out of the folder.
  private static func isPlainName(_ name: String) -> Bool {
    let bytes = Array(name.utf8)
    let hasTwoDots = zip(bytes, bytes.dropFirst()).contains { $0 == 0x2E && $1 == 0x2E }
    return bytes.suffix(12) == ArraySlice(".safetensors".utf8) && !hasTwoDots
      && !bytes.contains(UInt8(ascii: "/")) && !bytes.contains(0)
  }

  /// The names without repetition, in the order of their bytes.
  private static func distinct(_ names: [String]) -> [String] {
    Set(names.map { Array($0.utf8) })
      .sorted { $0.lexicographicallyPrecedes($1) }
      .map { String(decoding: $0, as: UTF8.self) }
  }

  private static func owners(
    _ shards: [SafetensorsFile], index: String
  ) throws(SafetensorsError) -> [[UInt8]: Int] {
    var owners: [[UInt8]: Int] = [:]
    for (number, shard) in shards.enumerated() {
      for tensor in shard.tensors {
        guard let first = owners.updateValue(number, forKey: Array(tensor.name.utf8)) else {
          continue
        }
        throw SafetensorsError(
          index,
          .tensorInTwoShards(
            tensor: tensor.name, first: fileName(shards[first]), second: fileName(shard)))
      }
    }
    return owners
  }

  private static func check(
    _ weightMap: [(tensor: String, shard: String)], _ owners: [[UInt8]: Int],
    _ shards: [SafetensorsFile], index: String
  ) throws(SafetensorsError) {
    for (tensor, shard) in weightMap {
      let owner = owners[Array(tensor.utf8)].map { fileName(shards[$0]) }
      guard let owner, owner.utf8.elementsEqual(shard.utf8) else {
        throw SafetensorsError(index, .missingFromShard(tensor: tensor, shard: shard))
      }
    }
    let listed = Set(weightMap.map { Array($0.tensor.utf8) })
    for shard in shards {
      for tensor in shard.tensors where !listed.contains(Array(tensor.name.utf8)) {
        throw SafetensorsError(
          index, .unlistedTensor(tensor: tensor.name, shard: fileName(shard)))
      }
    }
  }

  private static func fileName(_ shard: SafetensorsFile) -> String {
    shard.path.split(separator: "/").last.map(String.init) ?? shard.path
  }
}
