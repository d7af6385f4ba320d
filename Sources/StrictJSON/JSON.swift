// A JSON value as it was read or is to be written.

/// One JSON value. Objects keep the order of their members.
///
/// Text is compared by its UTF-8 bytes, never by canonical equivalence: a vocabulary may hold both
/// spellings of "é". `.integer(1)` and `.real(1)` differ.
public enum JSON: Sendable {
  case null
  case bool(Bool)
  /// A number without fraction and exponent that fits `Int`; any other, and `-0`, is `.real`.
  case integer(Int)
  case real(Double)
  case string(String)
  case array([JSON])
  case object(JSONObject)
}

// MARK: - Access

extension JSON {
  /// The integer, or nil for every other kind; `1.0` is not an integer.
  public var intValue: Int? {
    if case .integer(let value) = self { value } else { nil }
  }

  /// The number, whether it was written as an integer or not.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    default: nil
    }
  }

  /// The text of a string.
  public var stringValue: String? {
    if case .string(let value) = self { value } else { nil }
  }

  /// The truth value of `true` or `false`.
  public var boolValue: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The elements of an array.
  public var arrayValue: [JSON]? {
    if case .array(let value) = self { value } else { nil }
  }

  /// The members of an object.
  public var objectValue: JSONObject? {
    if case .object(let value) = self { value } else { nil }
  }

  /// Whether the value is `null`.
  public var isNull: Bool {
    if case .null = self { true } else { false }
  }

  /// The kind of value, with its article, for messages: "a string", "null".
  public var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .integer: "an integer"
    case .real: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// The value itself when it is short, else its kind, for messages: `"mean"`, `3`, `an array of 7`.
  public var summary: String {
    switch self {
    case .null, .bool, .integer, .real: text()
    case .string(let value):
      if value.unicodeScalars.count <= 40 {
        text()
      } else {
        JSON.string(String(value.unicodeScalars.prefix(40)) + "…").text()
      }
    case .array(let elements): "an array of \(elements.count)"
    case .object: "an object"
    }
  }
}

// MARK: - Equality

extension JSON: Equatable {
  public static func == (a: JSON, b: JSON) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.real(let a), .real(let b)): a == b
    case (.string(let a), .string(let b)): a.hasSameBytes(as: b)
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a == b
    default: false
    }
  }
}

extension String {
  /// Equality of the UTF-8 bytes, where `==` would be canonical equivalence.
  func hasSameBytes(as other: String) -> Bool {
    utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
  }
}

// MARK: - Literals

extension JSON: ExpressibleByNilLiteral {
  public init(nilLiteral: ()) { self = .null }
}

extension JSON: ExpressibleByBooleanLiteral {
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSON: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int) { self = .integer(value) }
}

extension JSON: ExpressibleByFloatLiteral {
  public init(floatLiteral value: Double) { self = .real(value) }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  public init(stringLiteral value: String) { self = .string(value) }
}

extension JSON: ExpressibleByArrayLiteral {
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
}

extension JSON: ExpressibleByDictionaryLiteral {
  /// Traps when a key is written twice.
  public init(dictionaryLiteral members: (String, JSON)...) {
    self = .object(JSONObject(members))
  }
}
