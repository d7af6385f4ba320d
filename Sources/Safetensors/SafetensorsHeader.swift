// The header of a safetensors file and all of its rules.
import StrictJSON

/// A validated header: once it exists, the tensors cover the rest of the file exactly, each once.
///
/// Layout: 8 bytes, the header's length N as a little-endian integer; N bytes, a JSON object of
/// `name: {"dtype", "shape", "data_offsets": [start, end]}`; then the data. Follows the reference
/// implementation (huggingface/safetensors, `tensor.rs`) and, as its README demands, also refuses
/// equal keys, which the reference accepts, and sizes beyond `Int`, which the reference accepts if
/// another size is 0. Unknown members of a tensor's entry are ignored, as in the reference.
package struct SafetensorsHeader: Sendable {
  /// The tensors in the order of their data.
  package let tensors: [TensorInfo]
  /// The free text under `__metadata__`, in file order.
  package let metadata: [(key: String, value: String)]
  /// Where the data begin in the file.
  package let dataStart: Int

  /// The longest header that is read (the reference's `MAX_HEADER_SIZE`).
  package static let maximumLength = 100_000_000
  static let metadataKey = "__metadata__"

  /// Reads a header through a function that returns `count` bytes from an offset. Every range is
  /// compared with the file's size before it is read.
  package init(
    path: String, fileSize: Int,
    read: (_ count: Int, _ offset: Int) throws(SafetensorsError) -> [UInt8]
  ) throws(SafetensorsError) {
    guard fileSize >= 8 else {
      throw SafetensorsError(path, .shorterThanLengthField(fileSize: fileSize))
    }
    let length = try read(8, 0).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(Self.maximumLength) else {
      throw SafetensorsError(path, .headerTooLong(length: length))
    }
    guard length <= UInt64(fileSize - 8) else {
      throw SafetensorsError(path, .headerBeyondFile(length: length, fileSize: fileSize))
    }
    dataStart = 8 + Int(length)
    let bytes = try read(Int(length), 8)
    do throws(SafetensorsError.Problem) {
      (tensors, metadata) = try Self.parse(bytes)
      let end = try Self.checkCoverage(tensors)
      let (expected, overflow) = dataStart.addingReportingOverflow(end)
      guard !overflow, expected == fileSize else {
        throw .wrongFileSize(found: fileSize, expected: overflow ? .max : expected)
      }
    } catch {
      throw SafetensorsError(path, error)
    }
  }

  // MARK: - Members

  private static func parse(
    _ bytes: [UInt8]
  ) throws(SafetensorsError.Problem) -> ([TensorInfo], [(key: String, value: String)]) {
    let reader = try jsonObject(bytes)
    var tensors: [TensorInfo] = []
    var metadata: [(key: String, value: String)] = []
    for (name, value) in reader.object.members {
      do throws(JSONValueError) {
        if name.utf8.elementsEqual(metadataKey.utf8) {
          metadata = try parseMetadata(reader)
          continue
        }
      } catch {
        throw .unexpectedValue(error)
      }
      tensors.append(try parseTensor(name, value))
    }
    // By start and then end, so that an empty tensor comes before the one that begins where it
    // lies; otherwise in the header's order.
    let order = tensors.indices.sorted { a, b in
      let (x, y) = (tensors[a].dataOffsets, tensors[b].dataOffsets)
      return (x.lowerBound, x.upperBound, a) < (y.lowerBound, y.upperBound, b)
    }
    return (order.map { tensors[$0] }, metadata)
  }

  private static func parseMetadata(
    _ reader: JSONReader
  ) throws(JSONValueError) -> [(key: String, value: String)] {
    var reader = reader
    var metadata: [(key: String, value: String)] = []
    guard var members = try reader.optionalObject(metadataKey) else { return metadata }
    for key in members.object.keys { metadata.append((key, try members.string(key))) }
    return metadata
  }

  private static func parseTensor(
    _ name: String, _ value: JSON
  ) throws(SafetensorsError.Problem) -> TensorInfo {
    let dtypeName: String
    let shape: [Int]
    let offsets: [Int]
    do throws(JSONValueError) {
      let path = "tensor \(JSON.string(name).text())"
      var reader = try JSONReader(value, path: path)
      dtypeName = try reader.string("dtype")
      shape = try reader.ints("shape", in: 0 ... .max)
      offsets = try reader.ints("data_offsets", in: 0 ... .max)
      guard offsets.count == 2 else {
        throw JSONValueError(
          path: reader.path(of: "data_offsets"),
          message: "an array of \(offsets.count) (expected two integers)")
      }
    } catch {
      throw .unexpectedValue(error)
    }
    guard let dtype = DType(rawValue: dtypeName) else {
      throw .unknownDType(tensor: name, found: dtypeName)
    }
    let (start, end) = (offsets[0], offsets[1])
    guard start <= end else { throw .reversedOffsets(tensor: name, start: start, end: end) }
    let elementCount = try elementCount(name, shape)
    let byteCount = try byteCount(name, shape, elementCount, dtype)
    guard end - start == byteCount else {
      throw .wrongTensorSize(tensor: name, found: end - start, expected: byteCount)
    }
    return TensorInfo(
      name: name, dtype: dtype, shape: shape, elementCount: elementCount, dataOffsets: start..<end)
  }

  // MARK: - Sizes

  private static func elementCount(
    _ name: String, _ shape: [Int]
  ) throws(SafetensorsError.Problem) -> Int {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else { throw .elementCountOverflow(tensor: name, shape: shape) }
      count = product
    }
    return count
  }

  private static func byteCount(
    _ name: String, _ shape: [Int], _ elementCount: Int, _ dtype: DType
  ) throws(SafetensorsError.Problem) -> Int {
    let (bits, overflow) = elementCount.multipliedReportingOverflow(by: dtype.bitCount)
    guard !overflow else { throw .sizeOverflow(tensor: name, shape: shape, dtype: dtype) }
    guard bits % 8 == 0 else { throw .partialByte(tensor: name, bitCount: bits) }
    return bits / 8
  }

  /// Checks that each tensor starts where the one before it ends; returns the end of the last.
  private static func checkCoverage(
    _ tensors: [TensorInfo]
  ) throws(SafetensorsError.Problem) -> Int {
    var end = 0
    for tensor in tensors {
      let start = tensor.dataOffsets.lowerBound
      guard start <= end else { throw .hole(tensor: tensor.name, start: start, expected: end) }
      guard start >= end else { throw .overlap(tensor: tensor.name, start: start, expected: end) }
      end = tensor.dataOffsets.upperBound
    }
    return end
  }
}

/// Reads bytes that must be one JSON object.
func jsonObject(_ bytes: [UInt8]) throws(SafetensorsError.Problem) -> JSONReader {
  do {
    // The scanner finds bad UTF-8, too, but only as a stray byte where it is outside of strings.
    _ = try UTF8Span(validating: bytes.span)
  } catch {
    throw .headerNotUTF8(offset: error.byteOffsets.lowerBound)
  }
  let value: JSON
  do {
    value = try JSON.parse(bytes)
  } catch {
    throw error.duplicateKey.map { .duplicateKey($0) } ?? .notJSON(error)
  }
  do {
    return try JSONReader(value)
  } catch {
    throw .unexpectedValue(error)
  }
}
