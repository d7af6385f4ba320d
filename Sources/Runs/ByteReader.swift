// Reads the payload of a journal record, safely for any bytes.

/// Reads what `ByteWriter` wrote. Memory is allocated only for bytes that exist.
public struct ByteReader: Sendable {
  /// The bytes do not encode the expected value.
  public struct Malformed: Error, Hashable, Sendable, CustomStringConvertible {
    /// The offset in the bytes.
    public let offset: Int
    /// What is wrong there.
    public let description: String

    package init(offset: Int, description: String) {
      self.offset = offset
      self.description = description
    }
  }

  private let bytes: [UInt8]
  package private(set) var offset = 0

  /// A reader at the start of the bytes.
  public init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// An integer.
  public mutating func readUInt64() throws(Malformed) -> UInt64 { try word() }

  /// A signed integer.
  public mutating func readInt() throws(Malformed) -> Int {
    Int(truncatingIfNeeded: try word() as UInt64)
  }

  /// A number.
  public mutating func readDouble() throws(Malformed) -> Double { Double(bitPattern: try word()) }

  /// An array of numbers of 8 bytes.
  public mutating func readDoubles() throws(Malformed) -> [Double] {
    try array(width: 8) { (reader) throws(Malformed) in try reader.readDouble() }
  }

  /// An array of numbers of 4 bytes.
  public mutating func readFloats() throws(Malformed) -> [Float] {
    try array(width: 4) { (reader) throws(Malformed) in Float(bitPattern: try reader.word()) }
  }

  /// An array of integers of 4 bytes.
  public mutating func readInt32s() throws(Malformed) -> [Int32] {
    try array(width: 4) { (reader) throws(Malformed) in Int32(bitPattern: try reader.word()) }
  }

  /// Text; invalid UTF-8 is refused.
  public mutating func readString() throws(Malformed) -> String {
    let start = offset
    let count = try count(width: 1)
    let slice = bytes[offset..<offset + count]
    guard let text = String(validating: slice, as: UTF8.self) else {
      throw Malformed(offset: start, description: "byte \(start): invalid UTF-8 (expected text)")
    }
    offset += count
    return text
  }

  /// Refuses remaining bytes.
  public func finish() throws(Malformed) {
    guard offset == bytes.count else {
      throw Malformed(
        offset: offset,
        description: "byte \(offset): \(bytes.count - offset) bytes too many (expected the end)")
    }
  }

  private mutating func array<Element>(
    width: Int, _ element: (inout ByteReader) throws(Malformed) -> Element
  ) throws(Malformed) -> [Element] {
    let count = try count(width: width)
    var values: [Element] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try element(&self)) }
    return values
  }

  /// A count of elements, whose bytes are known to exist.
  private mutating func count(width: Int) throws(Malformed) -> Int {
    let start = offset
    let count: UInt64 = try word()
    guard count <= UInt64((bytes.count - offset) / width) else {
      offset = start
      throw underrun("\(count) elements of \(width) bytes")
    }
    return Int(count)
  }

  private mutating func word<Word: FixedWidthInteger>() throws(Malformed) -> Word {
    let width = Word.bitWidth / 8
    guard bytes.count - offset >= width else { throw underrun("\(width) bytes") }
    var value: Word = 0
    for index in 0..<width {
      value |= Word(truncatingIfNeeded: bytes[offset + index]) << (8 * index)
    }
    offset += width
    return value
  }

  private func underrun(_ expected: String) -> Malformed {
    Malformed(
      offset: offset,
      description: "byte \(offset): the record ends at byte \(bytes.count) (expected \(expected))")
  }
}
