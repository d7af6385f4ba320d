// Errors of safetensors files, with one case per violated rule.
import StrictJSON

/// What is wrong with which file.
public struct SafetensorsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file or directory as it was named by the caller.
  public let path: String
  /// What is wrong with it.
  public let problem: Problem

  /// One violated rule with what was found and what was expected; offsets and sizes in bytes, those
  /// of tensors counted from the end of the header.
  public enum Problem: Error, Equatable, Sendable {
    // The file itself
    /// A call of the system failed with this `errno`.
    case system(operation: String, code: Int32)
    /// A directory, a FIFO, a socket or a device.
    case notARegularFile(found: String)

    // The header
    case shorterThanLengthField(fileSize: Int)
    case headerTooLong(length: UInt64)
    /// The header would end beyond the file.
    case headerBeyondFile(length: UInt64, fileSize: Int)
    case headerNotUTF8(offset: Int)
    case notJSON(JSONError)
    /// Two members of one object, or two tensors or metadata to be written, have the same key.
    case duplicateKey(String)
    /// A missing member, a wrong type or an impossible number.
    case unexpectedValue(JSONValueError)
    case unknownDType(tensor: String, found: String)
    case elementCountOverflow(tensor: String, shape: [Int])
    case sizeOverflow(tensor: String, shape: [Int], dtype: DType)
    /// 4- and 6-bit elements that do not fill their last byte.
    case partialByte(tensor: String, bitCount: Int)
    case reversedOffsets(tensor: String, start: Int, end: Int)
    /// The offsets disagree with dtype and shape.
    case wrongTensorSize(tensor: String, found: Int, expected: Int)
    case hole(tensor: String, start: Int, expected: Int)
    case overlap(tensor: String, start: Int, expected: Int)
    /// Data beyond the last tensor, or not all of them.
    case wrongFileSize(found: Int, expected: Int)

    // Reading
    case noSuchTensor(String)
    /// A type that is not converted to numbers here.
    case unsupportedDType(tensor: String, dtype: DType)
    /// The target of a copy has another size.
    case wrongElementCount(tensor: String, found: Int, expected: Int)
    /// The file became shorter after it was opened.
    case endedEarly(offset: Int, missing: Int)

    // Checkpoints of several files
    /// A folder with neither a file nor an index.
    case noCheckpoint
    case indexTooLong(fileSize: Int)
    /// A name that could lead out of the folder.
    case unsafeShardName(tensor: String, shard: String)
    case missingShard(String)
    case tensorInTwoShards(tensor: String, first: String, second: String)
    /// The index names a shard that does not hold the tensor.
    case missingFromShard(tensor: String, shard: String)
    /// A shard holds a tensor that the index does not list.
    case unlistedTensor(tensor: String, shard: String)

    // Writing
    /// A tensor cannot be called `__metadata__`.
    case reservedName(String)
  }

  init(_ path: String, _ problem: Problem) {
    self.path = path
    self.problem = problem
  }

  /// The `errno` of a failed call of the system, nil for a malformed file.
  public var systemCode: Int32? {
    if case .system(_, let code) = problem { code } else { nil }
  }

  /// One line: the path, what is wrong and what was expected.
  public var description: String { "\(path): \(problem)" }
}

extension SafetensorsError.Problem: CustomStringConvertible {
  /// What is wrong and, in parentheses, what was expected, on one line.
  public var description: String {
    switch self {
    case .system(let operation, let code):
      "cannot \(operation): \(systemMessage(code))"
    case .notARegularFile(let found):
      "\(found) (expected a regular file)"
    case .shorterThanLengthField(let fileSize):
      "\(fileSize) bytes (expected at least the 8 of the header's length)"
    case .headerTooLong(let length):
      "header of \(length) bytes (expected at most \(SafetensorsHeader.maximumLength))"
    case .headerBeyondFile(let length, let fileSize):
      "header of \(length) bytes in a file of \(fileSize) (expected at most \(fileSize - 8))"
    case .headerNotUTF8(let offset):
      "the byte at offset \(offset) of the header is not UTF-8 (expected a JSON object)"
    case .notJSON(let error):
      "\(error) (expected a JSON object)"
    case .duplicateKey(let key):
      "the key \(quoted(key)) stands twice (expected every key once)"
    case .unexpectedValue(let error):
      error.description
    case .unknownDType(let tensor, let found):
      "tensor \(quoted(tensor)): dtype \(quoted(found)) is unknown (expected one of: "
        + DType.allCases.map(\.rawValue).joined(separator: ", ") + ")"
    case .elementCountOverflow(let tensor, let shape):
      "tensor \(quoted(tensor)): shape \(shape) (expected a product below 2^63)"
    case .sizeOverflow(let tensor, let shape, let dtype):
      "tensor \(quoted(tensor)): \(dtype.rawValue) \(shape) (expected a size below 2^63 bits)"
    case .partialByte(let tensor, let bitCount):
      "tensor \(quoted(tensor)): \(bitCount) bits (expected a multiple of 8)"
    case .reversedOffsets(let tensor, let start, let end):
      "tensor \(quoted(tensor)): ends at \(end) (expected at least its start, \(start))"
    case .wrongTensorSize(let tensor, let found, let expected):
      "tensor \(quoted(tensor)): \(found) bytes (expected \(expected) by its dtype and shape)"
    case .hole(let tensor, let start, let expected):
      "tensor \(quoted(tensor)): starts at \(start), behind a hole (expected \(expected))"
    case .overlap(let tensor, let start, let expected):
      "tensor \(quoted(tensor)): starts at \(start), inside another (expected \(expected))"
    case .wrongFileSize(let found, let expected):
      "\(found) bytes (expected \(expected) by its header)"
    case .noSuchTensor(let tensor):
      "no tensor \(quoted(tensor))"
    case .unsupportedDType(let tensor, let dtype):
      "tensor \(quoted(tensor)): dtype \(dtype.rawValue) cannot be read as numbers "
        + "(expected F64, F32, F16 or BF16)"
    case .wrongElementCount(let tensor, let found, let expected):
      "tensor \(quoted(tensor)): \(found) elements (expected \(expected))"
    case .endedEarly(let offset, let missing):
      "ends at byte \(offset), \(missing) bytes early (expected an unchanged file)"
    case .noCheckpoint:
      "no checkpoint (expected model.safetensors or model.safetensors.index.json)"
    case .indexTooLong(let fileSize):
      "index of \(fileSize) bytes (expected at most \(SafetensorsHeader.maximumLength))"
    case .unsafeShardName(let tensor, let shard):
      "tensor \(quoted(tensor)): shard \(quoted(shard)) (expected a plain name that ends in "
        + ".safetensors)"
    case .missingShard(let shard):
      "the shard \(quoted(shard)) is missing (expected it beside the index)"
    case .tensorInTwoShards(let tensor, let first, let second):
      "tensor \(quoted(tensor)): in \(quoted(first)) and in \(quoted(second)) (expected one shard)"
    case .missingFromShard(let tensor, let shard):
      "tensor \(quoted(tensor)): not in \(quoted(shard)) (expected it where the index says)"
    case .unlistedTensor(let tensor, let shard):
      "tensor \(quoted(tensor)): in \(quoted(shard)) (expected it in the index, too)"
    case .reservedName(let name):
      "tensor \(quoted(name)): the name is reserved"
    }
  }
}

/// Text from a file as a JSON string, so that a message stays on one line.
private func quoted(_ text: String) -> String {
  JSON.string(text).text()
}
