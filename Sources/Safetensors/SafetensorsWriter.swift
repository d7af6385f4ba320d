// Writes safetensors files that are either complete or absent.
import StrictJSON

/// Writes files that this module, the reference implementation and transformers can read.
public enum SafetensorsWriter {
  /// Writes a file, replacing an existing one atomically: bytes go to a temporary file in the same
  /// folder, which is flushed and renamed, and then the folder is flushed. On failure the temporary
  /// file is removed and the old file is unchanged.
  ///
  /// Wider types come first, so that every tensor is aligned; otherwise tensors are in the given
  /// order. The same input gives the same bytes.
  ///
  /// - Parameter metadata: free text under `__metadata__`. transformers asks for `format`: `pt`.
  /// - Throws: `SafetensorsError`; `systemCode` tells a failing machine from names that cannot be
  ///   written (equal ones, `__metadata__`).
  public static func write(
    to path: String, metadata: [(key: String, value: String)] = [], tensors: [OutputTensor]
  ) throws(SafetensorsError) {
    let ordered = tensors.enumerated().sorted { a, b in
      (-a.element.dtype.bitCount, a.offset) < (-b.element.dtype.bitCount, b.offset)
    }.map(\.element)
    let header: [UInt8]
    do throws(SafetensorsError.Problem) {
      header = try self.header(metadata, ordered)
    } catch {
      throw SafetensorsError(path, error)
    }
    try FileDescriptor.replacing(path) { file throws(SafetensorsError) in
      try write(header, to: file)
      let scratch = UnsafeMutableRawBufferPointer.allocate(
        byteCount: chunkCount * 8, alignment: 64)
      defer { scratch.deallocate() }
      for tensor in ordered {
        for first in stride(from: 0, to: tensor.elementCount, by: chunkCount) {
          let range = first..<min(first + chunkCount, tensor.elementCount)
          let byteCount = (range.count * tensor.dtype.bitCount + 7) / 8
          let bytes = UnsafeMutableRawBufferPointer(rebasing: scratch[..<byteCount])
          tensor.fill(range, bytes)
          try file.write(UnsafeRawBufferPointer(bytes))
        }
      }
    }
  }

  /// Elements asked for at a time; a multiple of 8, so that chunks of 4- and 6-bit types end with
  /// a byte.
  private static let chunkCount = 1 << 16

  /// The length and the JSON, padded with spaces so that the data begin at a multiple of 8.
  private static func header(
    _ metadata: [(key: String, value: String)], _ tensors: [OutputTensor]
  ) throws(SafetensorsError.Problem) -> [UInt8] {
    var object = JSONObject()
    func add(_ key: String, _ value: JSON, to object: inout JSONObject) throws(SafetensorsError
      .Problem)
    {
      guard object[key] == nil else { throw .duplicateKey(key) }
      object[key] = value
    }
    if !metadata.isEmpty {
      var text = JSONObject()
      for (key, value) in metadata { try add(key, .string(value), to: &text) }
      object[SafetensorsHeader.metadataKey] = .object(text)
    }
    var start = 0
    for tensor in tensors {
      guard !tensor.name.utf8.elementsEqual(SafetensorsHeader.metadataKey.utf8) else {
        throw .reservedName(tensor.name)
      }
      let end = start + tensor.byteCount
      try add(
        tensor.name,
        [
          "dtype": .string(tensor.dtype.rawValue),
          "shape": .array(tensor.shape.map { .integer($0) }),
          "data_offsets": [.integer(start), .integer(end)],
        ], to: &object)
      start = end
    }
    var text = Array(JSON.object(object).text().utf8)
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
    guard text.count <= SafetensorsHeader.maximumLength else {
      throw .headerTooLong(length: UInt64(text.count))
    }
    return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> ($0 * 8)) } + text
  }

  private static func write(
    _ bytes: [UInt8], to file: FileDescriptor
  ) throws(SafetensorsError) {
    var failure: SafetensorsError?
    bytes.withUnsafeBytes { buffer in
      do throws(SafetensorsError) { try file.write(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}
