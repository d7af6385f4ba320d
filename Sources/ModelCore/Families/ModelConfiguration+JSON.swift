// config.json of Hugging Face checkpoints: read strictly, and written so that transformers can open
// it.
import Foundation
import StrictJSON

extension ModelConfiguration {
  /// Reads `config.json` of a checkpoint folder, and the special tokens of `generation_config.json` where
  /// that exists.
  ///
  /// Responses end at the end tokens of either file. Instruction models name the end of a turn only in
  /// `generation_config.json`.
  ///
  /// - Parameter head: What the folder must be read as; nil for what its `architectures` say.
  /// - Throws: `CheckpointError` for a file that cannot be read, is not JSON, lacks a key, or asks
  ///   for a computation that this package does not implement.
  public init(directory: String, head: Head? = nil) throws(CheckpointError) {
    self = try Self.read(directory + "/config.json") { (reader) throws(JSONValueError) in
      try ModelConfiguration(reading: &reader, head: head)
    }
    let generation = directory + "/generation_config.json"
    guard FileManager.default.fileExists(atPath: generation) else { return }
    let size = vocabularySize
    let tokens = try Self.read(generation) { (reader) throws(JSONValueError) in
      (
        end: try reader.endTokens(size), pad: try reader.padToken(size),
        start: try reader.optionalInt("bos_token_id", in: 0...size - 1)
      )
    }
    for token in tokens.end where !eosTokens.contains(token) { eosTokens.append(token) }
    padToken = padToken ?? tokens.pad
    bosToken = bosToken ?? tokens.start
  }

  /// Reads a JSON file of a checkpoint folder.
  ///
  /// - Parameter expected: For the error of a file that is not there.
  static func read<Result>(
    _ path: String, expected: String = "a checkpoint folder with config.json",
    _ read: (inout JSONReader) throws(JSONValueError) -> Result
  ) throws(CheckpointError) -> Result {
    let json: JSON
    do {
      json = try JSON.parse(bytes(of: path, expected: expected))
    } catch let error as JSONError {
      throw CheckpointError(path: "\(path):\(error.line)", message: "\(error)")
    } catch let error as CheckpointError {
      throw error
    } catch {
      throw CheckpointError(path: path, message: error.localizedDescription)
    }
    do {
      var reader = try JSONReader(json)
      return try read(&reader)
    } catch {
      throw CheckpointError(path: path, message: "\(error)")
    }
  }

  /// The file's bytes. A configuration is small, so a large file or one that is not regular is
  /// refused without reading it.
  private static func bytes(of path: String, expected: String) throws -> [UInt8] {
    let attributes: [FileAttributeKey: Any]
    do {
      attributes = try FileManager.default.attributesOfItem(
        atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
    } catch {
      throw CheckpointError(
        path: path, message: "cannot be read (expected \(expected))")
    }
    guard attributes[.type] as? FileAttributeType == .typeRegular else {
      throw CheckpointError(path: path, message: "is not a file (expected config.json)")
    }
    let limit = 16 << 20
    guard let size = attributes[.size] as? Int, size <= limit else {
      throw CheckpointError(path: path, message: "is larger than \(limit) bytes")
    }
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// Reads the keys of the family that `model_type` names; other keys are ignored.
  ///
  /// - Parameter head: What the model must be read as; nil for what `architectures` say.
  public init(reading reader: inout JSONReader, head: Head? = nil) throws(JSONValueError) {
    let name = try reader.string("model_type")
    guard let family = Family(rawValue: name) else {
      let known = Family.allCases.map(\.rawValue).joined(separator: ", ")
      throw JSONValueError(
        path: "model_type",
        message: "\(JSON.string(name).summary) is not supported (expected one of: \(known))")
    }
    try reader.require("is_causal", .bool(true), "true, attention to earlier tokens only")
    self = try family.type.read(&reader)
    self.head = head ?? Head(reading: &reader)
    if self.head == .reward { try Head.requireOneLabel(&reader) }
  }

  /// The configuration as transformers writes it.
  public var json: JSON {
    var object = head.members(family.type.architecture)
    for (key, value) in family.type.json(self).members { object[key] = value }
    return .object(object)
  }
}

extension JSONReader {
  /// The error for a setting that is not implemented.
  func unsupported(_ key: String, expected: String) -> JSONValueError {
    let found = object[key]?.summary ?? "missing"
    return JSONValueError(path: key, message: "\(found) is not supported (expected \(expected))")
  }

  /// Refuses a value other than the neutral one; a missing key and null are neutral.
  func require(_ key: String, _ neutral: JSON, _ expected: String) throws(JSONValueError) {
    guard let value = object[key], !value.isNull else { return }
    guard value == neutral else { throw unsupported(key, expected: expected) }
  }

  /// Refuses a number other than the neutral one.
  func require(_ key: String, number: Double) throws(JSONValueError) {
    guard let value = object[key], !value.isNull else { return }
    guard value.doubleValue == number else {
      throw unsupported(key, expected: "\(Int(number))")
    }
  }

  /// `eos_token_id`: one token, several or none.
  mutating func endTokens(_ vocabulary: Int) throws(JSONValueError) -> [Int] {
    if case .array = object["eos_token_id"] {
      return try ints("eos_token_id", in: 0...vocabulary - 1)
    }
    return try optionalInt("eos_token_id", in: 0...vocabulary - 1).map { [$0] } ?? []
  }

  /// `pad_token_id`; −1 means none.
  mutating func padToken(_ vocabulary: Int) throws(JSONValueError) -> Int? {
    try optionalInt("pad_token_id", in: -1...vocabulary - 1).flatMap { $0 < 0 ? nil : $0 }
  }
}

extension ModelConfiguration {
  /// Special tokens in the format of config.json.
  var tokenKeys: JSONObject {
    [
      "bos_token_id": bosToken.map { .integer($0) } ?? .null,
      "eos_token_id": eosTokens.count == 1
        ? .integer(eosTokens[0])
        : eosTokens.isEmpty ? .null : .array(eosTokens.map { .integer($0) }),
      "pad_token_id": padToken.map { .integer($0) } ?? .null,
    ]
  }
}
