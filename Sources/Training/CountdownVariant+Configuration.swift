// The key `task` of a configuration.
import StrictJSON
import Tasks

extension CountdownVariant {
  /// Reads `"task": {"numbers": 4}`; three numbers without the key.
  ///
  /// - Throws: `JSONValueError` naming an unknown, missing or out-of-range key.
  init(reading reader: inout JSONReader) throws(JSONValueError) {
    self = .three
    guard var task = try reader.optionalObject("task") else { return }
    let counts = Self.allCases.map(\.numberCount)
    let count = try task.int("numbers", in: counts[0]...counts[counts.count - 1])
    try task.finish()
    self = Self(rawValue: count) ?? .three
  }

  /// The key as it is read; nil for three numbers, so that configurations of the embedded task stay
  /// what they were.
  var json: JSON? { self == .three ? nil : ["numbers": .integer(numberCount)] }
}
