// The entry of one tensor in the header of a safetensors file.

/// The name, type and offset of one tensor; its size was checked against the file.
public struct TensorInfo: Sendable, Equatable {
  /// The name as in the header; names are compared by bytes.
  public let name: String
  /// The type of the elements in the file.
  public let dtype: DType
  /// Row-major sizes, the slowest first; empty for a scalar.
  public let shape: [Int]
  /// The product of the shape; 1 for a scalar.
  public let elementCount: Int
  /// The range of the bytes, counted from the end of the header.
  package let dataOffsets: Range<Int>
}
