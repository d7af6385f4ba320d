// Arrays of integers and texts in journal records.

extension ByteWriter {
  /// Integers, 8 bytes each after the count.
  package mutating func write(_ values: [Int]) {
    write(values.count)
    for value in values { write(value) }
  }

  /// Texts after their number.
  package mutating func write(_ values: [String]) {
    write(values.count)
    for value in values { write(value) }
  }
}

extension ByteReader {
  /// A count of items that are read one by one, so that a wrong count fails at the end of the
  /// bytes.
  package mutating func readCount() throws(Malformed) -> Int {
    let count = try readInt()
    guard count >= 0 else { throw malformed("a count of \(count) (expected at least 0)") }
    return count
  }

  package mutating func readInts() throws(Malformed) -> [Int] {
    var values: [Int] = []
    for _ in 0..<(try readCount()) { values.append(try readInt()) }
    return values
  }

  package mutating func readStrings() throws(Malformed) -> [String] {
    var values: [String] = []
    for _ in 0..<(try readCount()) { values.append(try readString()) }
    return values
  }

  /// The error that the last value is well-formed but wrong.
  package func malformed(_ message: String) -> Malformed {
    Malformed(offset: offset, description: "byte \(offset): \(message)")
  }

  /// Refuses the last value unless it has the expected number of elements.
  package func require(_ count: Int, _ expected: Int, _ what: String) throws(Malformed) {
    guard count == expected else {
      throw malformed("\(count) \(what) (expected \(expected))")
    }
  }
}
