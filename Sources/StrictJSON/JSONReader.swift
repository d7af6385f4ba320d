// Strict decoding of configurations: every key is checked, and keys that are not read are errors.

/// Reads the members of one object by key and remembers which keys were read.
///
/// ```swift
/// var reader = try JSONReader(JSON.parse(bytes))
/// let steps = try reader.int("steps", in: 1...100_000)
/// let reduction = try reader.optionalString("reduction", oneOf: ["mean", "sum"]) ?? "mean"
/// try reader.finish()
/// ```
/// The `optional…` methods return nil for an absent key and for `null`; the others refuse both.
/// Every error names the path of the key, what was found and what was expected.
public struct JSONReader: Sendable {
  /// The object that is read.
  public let object: JSONObject
  /// The path of the object, empty at the top; for messages.
  public let path: String
  private var allowedKeys: [String] = []

  /// Reads the members of a value that must be an object.
  public init(_ value: JSON, path: String = "") throws(JSONValueError) {
    guard let object = value.objectValue else {
      throw JSONValueError(path: path, message: "\(value.summary) (expected an object)")
    }
    self.object = object
    self.path = path
  }

  /// Refuses keys that were never read. Call it last, on every reader.
  public func finish() throws(JSONValueError) {
    for key in object.keys where !allowedKeys.contains(where: { $0.hasSameBytes(as: key) }) {
      throw JSONValueError(
        path: path(of: key),
        message: "unknown key (expected one of: \(allowedKeys.joined(separator: ", ")))")
    }
  }

  /// Refuses keys that mean nothing beside other settings.
  ///
  /// - Parameter condition: What they need, such as `truncation "penalty"`.
  public func refuse(_ keys: [String], without condition: String) throws(JSONValueError) {
    for key in keys where object[key] != nil {
      throw JSONValueError(
        path: path(of: key), message: "has no effect without \(condition) (expected no such key)")
    }
  }

  /// Whether the key is present, possibly as `null`. This does not count as reading it.
  public func contains(_ key: String) -> Bool { object[key] != nil }

  /// Whether a member is there and a string, for keys that take a name or something else.
  public func isString(_ key: String) -> Bool { object[key]?.stringValue != nil }

  /// The path of a member, for errors of the caller's own checks; special characters are escaped,
  /// so that it stays on one line.
  public func path(of key: String) -> String {
    let key = JSON.string(key).text().dropFirst().dropLast()
    return path.isEmpty ? String(key) : "\(path).\(key)"
  }

  // MARK: - Numbers

  /// An integer in the range; `1.0` is not an integer.
  public mutating func int(
    _ key: String, in range: ClosedRange<Int> = .min ... .max
  ) throws(JSONValueError) -> Int {
    try required(key, integer(range))
  }

  /// An integer in the range, or nil.
  public mutating func optionalInt(
    _ key: String, in range: ClosedRange<Int> = .min ... .max
  ) throws(JSONValueError) -> Int? {
    try optional(key, integer(range))
  }

  /// An array of integers in the range.
  public mutating func ints(
    _ key: String, in range: ClosedRange<Int> = .min ... .max
  ) throws(JSONValueError) -> [Int] {
    try array(key, integer(range))
  }

  /// A number in the range, written as an integer or not. A range from
  /// `.leastNonzeroMagnitude` means "above 0".
  public mutating func double(
    _ key: String, in range: ClosedRange<Double> = -.infinity ... .infinity
  ) throws(JSONValueError) -> Double {
    try required(key, number(range))
  }

  /// A number in the range, or nil.
  public mutating func optionalDouble(
    _ key: String, in range: ClosedRange<Double> = -.infinity ... .infinity
  ) throws(JSONValueError) -> Double? {
    try optional(key, number(range))
  }

  /// An array of numbers in the range.
  public mutating func doubles(
    _ key: String, in range: ClosedRange<Double> = -.infinity ... .infinity
  ) throws(JSONValueError) -> [Double] {
    try array(key, number(range))
  }

  // MARK: - Text and truth

  /// A string, one of the choices if any are given.
  public mutating func string(
    _ key: String, oneOf choices: [String] = []
  ) throws(JSONValueError) -> String {
    try required(key, text(choices))
  }

  /// A string, one of the choices if any are given, or nil.
  public mutating func optionalString(
    _ key: String, oneOf choices: [String] = []
  ) throws(JSONValueError) -> String? {
    try optional(key, text(choices))
  }

  /// A case of an enumeration, by its raw value.
  public mutating func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String
  ) throws(JSONValueError) -> Choice where Choice.RawValue == String {
    try required(key, choices())
  }

  /// A case of an enumeration, by its raw value, or nil.
  public mutating func optionalChoice<Choice: RawRepresentable & CaseIterable>(
    _ key: String
  ) throws(JSONValueError) -> Choice? where Choice.RawValue == String {
    try optional(key, choices())
  }

  /// An array of strings, each one of the choices if any are given.
  public mutating func strings(
    _ key: String, oneOf choices: [String] = []
  ) throws(JSONValueError) -> [String] {
    try array(key, text(choices))
  }

  /// `true` or `false`.
  public mutating func bool(_ key: String) throws(JSONValueError) -> Bool {
    try required(key, Rule(expected: "true or false") { $0.boolValue })
  }

  /// `true`, `false` or nil.
  public mutating func optionalBool(_ key: String) throws(JSONValueError) -> Bool? {
    try optional(key, Rule(expected: "true or false") { $0.boolValue })
  }

  // MARK: - Nested values

  /// A reader of a nested object, which needs its own `finish()`.
  public mutating func object(_ key: String) throws(JSONValueError) -> JSONReader {
    try JSONReader(.object(required(key, anyObject)), path: path(of: key))
  }

  /// A reader of a nested object, or nil.
  public mutating func optionalObject(_ key: String) throws(JSONValueError) -> JSONReader? {
    guard let object = try optional(key, anyObject) else { return nil }
    return try JSONReader(.object(object), path: path(of: key))
  }

  /// Readers of the objects of an array, each of which needs its own `finish()`.
  public mutating func objects(_ key: String) throws(JSONValueError) -> [JSONReader] {
    var readers: [JSONReader] = []
    for (index, object) in try array(key, anyObject).enumerated() {
      readers.append(try JSONReader(.object(object), path: "\(path(of: key))[\(index)]"))
    }
    return readers
  }

  /// The unchecked value, or nil if the key is absent. This counts as reading the key.
  public mutating func value(_ key: String) -> JSON? {
    allowedKeys.append(key)
    return object[key]
  }

  // MARK: - Rules

  /// A conversion of a value, which is nil if it is invalid, with a description of valid values.
  private struct Rule<Value> {
    let expected: String
    let read: (JSON) -> Value?
  }

  private mutating func required<Value>(
    _ key: String, _ rule: Rule<Value>
  ) throws(JSONValueError) -> Value {
    guard let found = value(key) else {
      throw JSONValueError(path: path(of: key), message: "missing (expected \(rule.expected))")
    }
    return try check(found, rule, path(of: key))
  }

  private mutating func optional<Value>(
    _ key: String, _ rule: Rule<Value>
  ) throws(JSONValueError) -> Value? {
    guard let found = value(key), !found.isNull else { return nil }
    return try check(found, rule, path(of: key))
  }

  private mutating func array<Value>(
    _ key: String, _ rule: Rule<Value>
  ) throws(JSONValueError) -> [Value] {
    let elements = try required(key, Rule(expected: "an array") { $0.arrayValue })
    var values: [Value] = []
    for (index, element) in elements.enumerated() {
      values.append(try check(element, rule, "\(path(of: key))[\(index)]"))
    }
    return values
  }

  private func check<Value>(
    _ found: JSON, _ rule: Rule<Value>, _ path: String
  ) throws(JSONValueError) -> Value {
    guard let value = rule.read(found) else {
      throw JSONValueError(path: path, message: "\(found.summary) (expected \(rule.expected))")
    }
    return value
  }

  private func integer(_ range: ClosedRange<Int>) -> Rule<Int> {
    let limits =
      switch (range.lowerBound, range.upperBound) {
      case (.min, .max): ""
      case (let low, .max): " of at least \(low)"
      case (.min, let high): " of at most \(high)"
      default: " in \(range)"
      }
    return Rule(expected: "an integer" + limits) { value in
      value.intValue.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  private func number(_ range: ClosedRange<Double>) -> Rule<Double> {
    let limits =
      switch (range.lowerBound, range.upperBound) {
      case (-.infinity, .infinity): ""
      case (-.infinity, let high): " of at most \(high)"
      case (.leastNonzeroMagnitude, .infinity): " above 0"
      case (.leastNonzeroMagnitude, let high): " above 0 and at most \(high)"
      case (let low, .infinity): " of at least \(low)"
      default: " in \(range)"
      }
    return Rule(expected: "a number" + limits) { value in
      value.doubleValue.flatMap { range.contains($0) ? $0 : nil }
    }
  }

  private func choices<Choice: RawRepresentable & CaseIterable>() -> Rule<Choice>
  where Choice.RawValue == String {
    let name = text(Choice.allCases.map(\.rawValue))
    return Rule(expected: name.expected) { name.read($0).flatMap { Choice(rawValue: $0) } }
  }

  private func text(_ choices: [String]) -> Rule<String> {
    let expected = choices.map { JSON.string($0).text() }.joined(separator: ", ")
    return Rule(expected: choices.isEmpty ? "a string" : "one of: " + expected) { value in
      guard let text = value.stringValue else { return nil }
      return choices.isEmpty || choices.contains(where: { $0.hasSameBytes(as: text) }) ? text : nil
    }
  }

  private var anyObject: Rule<JSONObject> {
    Rule(expected: "an object") { $0.objectValue }
  }
}
