// Writing the payload of a journal record: little-endian numbers, arrays after their count.

/// Collects bytes; `ByteReader` reads the same values in the same order.
public struct ByteWriter: Sendable {
  /// The bytes written so far.
  public private(set) var bytes: [UInt8] = []

  /// Nothing written yet.
  public init() {}

  /// An integer, 8 bytes.
  public mutating func write(_ value: UInt64) { append(value) }

  /// A signed integer, 8 bytes.
  public mutating func write(_ value: Int) { append(UInt64(bitPattern: Int64(value))) }

  /// A number, 8 bytes; NaN keeps its bits.
  public mutating func write(_ value: Double) { append(value.bitPattern) }

  /// Numbers, 8 bytes each after the count.
  public mutating func write(_ values: [Double]) {
    write(values.count)
    for value in values { append(value.bitPattern) }
  }

  /// Numbers, 4 bytes each after the count.
  public mutating func write(_ values: [Float]) {
    write(values.count)
    for value in values { append(value.bitPattern) }
  }

  /// Integers, 4 bytes each after the count.
  public mutating func write(_ values: [Int32]) {
    write(values.count)
    for value in values { append(UInt32(bitPattern: value)) }
  }

  /// Text as UTF-8 after its count of bytes.
  public mutating func write(_ text: String) {
    write(text.utf8.count)
    bytes.append(contentsOf: text.utf8)
  }

  /// Bytes as they are.
  package mutating func put(_ raw: [UInt8]) { bytes += raw }

  /// A word of 2, 4 or 8 bytes.
  package mutating func put<Word: FixedWidthInteger & UnsignedInteger>(_ word: Word) {
    append(word)
  }

  private mutating func append<Word: FixedWidthInteger>(_ word: Word) {
    var rest = word
    for _ in 0..<Word.bitWidth / 8 {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }
}
