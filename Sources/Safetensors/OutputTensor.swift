// A tensor to be written, asked for its values piece by piece.

/// A name, a type, a shape and a source of values. Programming errors trap: sizes that do not
/// match, negative sizes.
public struct OutputTensor {
  /// The name in the header.
  public let name: String
  /// The type of the elements in the file.
  public let dtype: DType
  /// Row-major sizes, the slowest first; empty for a scalar.
  public let shape: [Int]
  let elementCount: Int
  /// Writes the bytes of a range of elements; the buffer is exactly as long and aligned to 64.
  let fill: (Range<Int>, UnsafeMutableRawBufferPointer) -> Void

  var byteCount: Int { elementCount * dtype.bitCount / 8 }

  /// A tensor whose values are produced as bytes: `fill` is handed ranges of elements in order and,
  /// for each, a buffer of exactly their size.
  public init(
    name: String, dtype: DType, shape: [Int],
    fill: @escaping (Range<Int>, UnsafeMutableRawBufferPointer) -> Void
  ) {
    precondition(shape.allSatisfy { $0 >= 0 }, "negative size in the shape of \(name)")
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.fill = fill
    elementCount = shape.reduce(1, *)
    precondition(elementCount * dtype.bitCount % 8 == 0, "\(name) ends inside a byte")
  }

  /// A tensor whose values are produced as `Float` and stored as F32, BF16, F16 (both rounded to
  /// nearest, ties to even) or F64.
  public init(
    name: String, dtype: DType = .f32, shape: [Int],
    floats: @escaping (Range<Int>, UnsafeMutableBufferPointer<Float>) -> Void
  ) {
    precondition(dtype.isFloatingPoint, "floats cannot be stored as \(dtype.rawValue)")
    self.init(name: name, dtype: dtype, shape: shape) { range, bytes in
      if dtype == .f32 { return floats(range, bytes.bindMemory(to: Float.self)) }
      withUnsafeTemporaryAllocation(of: Float.self, capacity: range.count) { values in
        floats(range, values)
        store(UnsafeBufferPointer(values), as: dtype, to: bytes)
      }
    }
  }

  /// A tensor whose values are produced as `Float` by code without pointers: `spans` is handed ranges
  /// of elements in order and, for each, a span of exactly their number.
  public init(
    name: String, dtype: DType = .f32, shape: [Int],
    spans: @escaping (Range<Int>, inout MutableSpan<Float>) -> Void
  ) {
    self.init(name: name, dtype: dtype, shape: shape) {
      (range: Range<Int>, buffer: UnsafeMutableBufferPointer<Float>) in
      var span = buffer.mutableSpan
      spans(range, &span)
    }
  }

  /// A tensor of the values of an array.
  public init(name: String, dtype: DType = .f32, shape: [Int], values: [Float]) {
    precondition(shape.reduce(1, *) == values.count, "\(name) has \(values.count) values")
    self.init(name: name, dtype: dtype, shape: shape) { range, buffer in
      values[range].withUnsafeBufferPointer { _ = buffer.update(from: $0) }
    }
  }
}

private func store(
  _ values: UnsafeBufferPointer<Float>, as dtype: DType, to bytes: UnsafeMutableRawBufferPointer
) {
  switch dtype {
  case .bf16:
    let target = bytes.bindMemory(to: UInt16.self)
    for i in 0..<values.count { target[i] = HalfPrecision.bfloat16(values[i]) }
  case .f16:
    let target = bytes.bindMemory(to: UInt16.self)
    for i in 0..<values.count { target[i] = HalfPrecision.float16(values[i]) }
  default:
    let target = bytes.bindMemory(to: Double.self)
    for i in 0..<values.count { target[i] = Double(values[i]) }
  }
}
