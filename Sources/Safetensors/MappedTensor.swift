// Tensors that stay in their file: mapped into memory, converted piece by piece where they are needed.
#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// The values of an F64, F32, F16 or BF16 tensor in a mapped file. Processes that map the same file share its memory.
///
/// The file must not change meanwhile: if another process shortens it, this process ends with SIGBUS.
public struct MappedTensor: Sendable {
  public let dtype: DType
  /// The number of elements.
  public let count: Int
  private let mapping: FileMapping
  private let start: Int

  init(_ mapping: FileMapping, start: Int, dtype: DType, count: Int) {
    self.mapping = mapping
    self.start = start
    self.dtype = dtype
    self.count = count
  }

  /// Bytes in the file.
  public var byteCount: Int { count * dtype.bitCount / 8 }

  /// Converts a range of the elements, exactly but for F64, as `SafetensorsFile.copy` does.
  public func copy(_ range: Range<Int>, to target: UnsafeMutableBufferPointer<Float>) {
    convert(bytes(range, room: target.count), dtype, to: target)
  }

  /// Converts a range of the elements exactly.
  public func copy(_ range: Range<Int>, to target: UnsafeMutableBufferPointer<Double>) {
    convert(bytes(range, room: target.count), dtype, to: target)
  }

  /// The elements as they lie in the file, where they are `Float`s.
  public var floats: UnsafePointer<Float>? {
    dtype == .f32 ? (mapping.base + start).assumingMemoryBound(to: Float.self) : nil
  }

  private func bytes(_ range: Range<Int>, room: Int) -> UnsafeRawBufferPointer {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count && room == range.count, "another range")
    let width = dtype.bitCount / 8
    return UnsafeRawBufferPointer(
      start: mapping.base + start + range.lowerBound * width, count: range.count * width)
  }
}

/// A file in memory, read only, until its last reference.
final class FileMapping: @unchecked Sendable {
  let base: UnsafeRawPointer
  private let size: Int

  /// - Parameter size: Of the whole file, above 0.
  init(_ descriptor: Int32, size: Int, path: String) throws(SafetensorsError) {
    let memory = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0)
    guard let memory, memory != MAP_FAILED else {
      throw SafetensorsError(path, .system(operation: "map", code: errno))
    }
    base = UnsafeRawPointer(memory)
    self.size = size
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: base), size) }
}
