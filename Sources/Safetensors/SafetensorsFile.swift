// One safetensors file, validated before any tensor is read.
import Synchronization

#if _endian(big)
  #error("the format is little-endian, and so are the copies made here")
#endif

/// A safetensors file open for reading. Opening checks every statement of the header. Afterwards
/// every tensor is known to be inside the file.
///
/// Tensors are copied with `pread`, and mapped into memory only by `mapped(_:)`: most callers need the weights
/// converted and in their own memory anyway. If another process truncates a mapped file, this process ends with
/// SIGBUS, while a read returns an error. Safe to use from several threads.
public final class SafetensorsFile: Sendable {
  /// The path as given.
  public let path: String
  /// The tensors in the order of their data.
  public let tensors: [TensorInfo]
  /// The text under `__metadata__`, in file order.
  public let metadata: [(key: String, value: String)]

  private let file: FileDescriptor
  private let size: Int
  private let mapping = Mutex<FileMapping?>(nil)
  private let dataStart: Int
  /// By bytes, since `String` takes canonically equivalent names for the same.
  private let positions: [[UInt8]: Int]

  /// Opens and validates a file.
  ///
  /// - Throws: `SafetensorsError` with the first violated rule, or with the `errno` of the call
  ///   that failed.
  public init(path: String) throws(SafetensorsError) {
    let (file, size) = try FileDescriptor.reading(path)
    let header = try SafetensorsHeader(path: path, fileSize: size) {
      count, offset throws(SafetensorsError) in
      try file.read(count: count, at: offset)
    }
    self.path = path
    self.file = file
    self.size = size
    tensors = header.tensors
    metadata = header.metadata
    dataStart = header.dataStart
    positions = Dictionary(
      uniqueKeysWithValues: tensors.enumerated().map { (Array($1.name.utf8), $0) })
  }

  /// The tensor of this name, compared by bytes, or nil.
  public func tensor(named name: String) -> TensorInfo? {
    positions[Array(name.utf8)].map { tensors[$0] }
  }

  /// Copies the values of an F64, F32, F16 or BF16 tensor, row-major, into a buffer of as many
  /// elements. Only F64 is rounded, to the nearest `Float`.
  public func copy(
    _ name: String, to target: UnsafeMutableBufferPointer<Float>
  ) throws(SafetensorsError) {
    try copyConverted(name, to: target) { convert($0, $1, to: $2) }
  }

  /// Copies the values of an F64, F32, F16 or BF16 tensor, row-major, into a buffer of as many
  /// elements. Every conversion is exact.
  public func copy(
    _ name: String, to target: UnsafeMutableBufferPointer<Double>
  ) throws(SafetensorsError) {
    try copyConverted(name, to: target) { convert($0, $1, to: $2) }
  }

  /// The values of an F64, F32, F16 or BF16 tensor, row-major, for callers without pointers.
  public func floats(_ name: String) throws(SafetensorsError) -> [Float] {
    var values = [Float](repeating: 0, count: try numericTensor(name).elementCount)
    try fill(&values) { buffer throws(SafetensorsError) in try copy(name, to: buffer) }
    return values
  }

  /// The values of an F64, F32, F16 or BF16 tensor, row-major, for callers without pointers.
  public func doubles(_ name: String) throws(SafetensorsError) -> [Double] {
    var values = [Double](repeating: 0, count: try numericTensor(name).elementCount)
    try fill(&values) { buffer throws(SafetensorsError) in try copy(name, to: buffer) }
    return values
  }

  /// The bytes of a tensor of any type, unconverted.
  public func bytes(_ name: String) throws(SafetensorsError) -> [UInt8] {
    let tensor = try existingTensor(name)
    return try file.read(
      count: tensor.dataOffsets.count, at: dataStart + tensor.dataOffsets.lowerBound)
  }

  /// A numeric tensor in the mapped file; nil where the file does not align its elements.
  public func mapped(_ name: String) throws(SafetensorsError) -> MappedTensor? {
    let tensor = try numericTensor(name)
    let start = dataStart + tensor.dataOffsets.lowerBound
    guard start.isMultiple(of: tensor.dtype.bitCount / 8) else { return nil }
    // The tensors of a file share one mapping.
    let result = mapping.withLock { [file, size] known -> Result<FileMapping, SafetensorsError> in
      if let known { return .success(known) }
      return Result { () throws(SafetensorsError) in
        let made = try file.mapped(size: size)
        known = made
        return made
      }
    }
    return MappedTensor(
      try result.get(), start: start, dtype: tensor.dtype, count: tensor.elementCount)
  }

  // MARK: - Copying

  /// The number of elements converted at a time: large enough to hide the cost of calls, and small
  /// enough for the cache.
  private static let chunkCount = 1 << 15

  private func copyConverted<Target: ConversionTarget>(
    _ name: String, to target: UnsafeMutableBufferPointer<Target>,
    _ convert: (UnsafeRawBufferPointer, DType, UnsafeMutableBufferPointer<Target>) -> Void
  ) throws(SafetensorsError) {
    let tensor = try numericTensor(name)
    guard target.count == tensor.elementCount else {
      throw SafetensorsError(
        path,
        .wrongElementCount(
          tensor: name, found: tensor.elementCount, expected: target.count))
    }
    let start = dataStart + tensor.dataOffsets.lowerBound
    if tensor.dtype == Target.sameDType {
      return try file.read(into: UnsafeMutableRawBufferPointer(target), at: start)
    }
    let width = tensor.dtype.bitCount / 8
    let scratch = UnsafeMutableRawBufferPointer.allocate(
      byteCount: min(Self.chunkCount, target.count) * width, alignment: 64)
    defer { scratch.deallocate() }
    for first in stride(from: 0, to: target.count, by: Self.chunkCount) {
      let chunk = first..<min(first + Self.chunkCount, target.count)
      let bytes = UnsafeMutableRawBufferPointer(rebasing: scratch[..<(chunk.count * width)])
      try file.read(into: bytes, at: start + first * width)
      convert(
        UnsafeRawBufferPointer(bytes), tensor.dtype,
        UnsafeMutableBufferPointer(rebasing: target[chunk]))
    }
  }

  private func fill<Value>(
    _ values: inout [Value],
    _ body: (UnsafeMutableBufferPointer<Value>) throws(SafetensorsError) -> Void
  ) throws(SafetensorsError) {
    var failure: SafetensorsError?
    values.withUnsafeMutableBufferPointer { buffer in
      do throws(SafetensorsError) { try body(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  private func existingTensor(_ name: String) throws(SafetensorsError) -> TensorInfo {
    guard let tensor = tensor(named: name) else {
      throw SafetensorsError(path, .noSuchTensor(name))
    }
    return tensor
  }

  private func numericTensor(_ name: String) throws(SafetensorsError) -> TensorInfo {
    let tensor = try existingTensor(name)
    guard tensor.dtype.isFloatingPoint else {
      throw SafetensorsError(path, .unsupportedDType(tensor: name, dtype: tensor.dtype))
    }
    return tensor
  }
}
