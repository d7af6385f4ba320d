// The values of a template: those of Python that JSON has, and what Jinja adds.
import StrictJSON

/// A value while a template is rendered.
enum Value {
  /// A name, attribute or item that does not exist, with what to call it in errors.
  case undefined(String)
  case none
  case bool(Bool)
  case integer(Int)
  case real(Double)
  case string(String)
  /// Text that went through the filter `safe`.
  case markup(String)
  case list([Value])
  case tuple([Value])
  case dictionary(Dictionary)
  /// Python's `namespace`, `loop`, and everything that can be called.
  case object(any TemplateObject)

  /// An ordered dictionary whose keys are strings.
  struct Dictionary {
    private(set) var keys: [String] = []
    private var values: [[UInt8]: Value] = [:]

    /// Setting nil is not supported; templates cannot remove keys.
    subscript(key: String) -> Value? {
      get { values[Array(key.utf8)] }
      set {
        if values.updateValue(newValue ?? .none, forKey: Array(key.utf8)) == nil {
          keys.append(key)
        }
      }
    }

    var count: Int { keys.count }
    var items: [(key: String, value: Value)] { keys.map { ($0, self[$0] ?? .none) } }
  }
}

/// A value with identity or behaviour.
protocol TemplateObject: AnyObject {
  /// What it is, for errors.
  var typeName: String { get }
  /// An attribute, or nil.
  func attribute(_ name: String) -> Value?
}

extension Value {
  /// The value of a JSON value.
  ///
  /// - Throws: for a number that Python would read as an integer of more than 64 bits.
  init(_ json: JSON) throws(JinjaError) {
    switch json {
    case .null: self = .none
    case .bool(let value): self = .bool(value)
    case .integer(let value): self = .integer(value)
    case .real(let value):
      // A number without a fraction may have been written with all its digits, which are lost.
      guard abs(value) < 0x1p63 || value != value.rounded() else {
        throw JinjaError(.unsupported, "the number \(value) (expected one below 2^63)")
      }
      self = .real(value)
    case .string(let value): self = .string(value)
    case .array(let elements):
      var list: [Value] = []
      for element in elements { list.append(try Value(element)) }
      self = .list(list)
    case .object(let object):
      var dictionary = Dictionary()
      for (key, element) in object.members { dictionary[key] = try Value(element) }
      self = .dictionary(dictionary)
    }
  }

  /// Python's truth value.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .bool(let value): value
    case .integer(let value): value != 0
    case .real(let value): value != 0
    case .string(let value), .markup(let value): !value.isEmpty
    case .list(let elements), .tuple(let elements): !elements.isEmpty
    case .dictionary(let dictionary): dictionary.count > 0
    case .object: true
    }
  }

  var isUndefined: Bool { if case .undefined = self { true } else { false } }
  var isNone: Bool { if case .none = self { true } else { false } }

  /// The text of a string, safe or not.
  var string: String? {
    switch self {
    case .string(let value), .markup(let value): value
    default: nil
    }
  }

  /// The number; `true` is 1, as in Python.
  var integer: Int? {
    switch self {
    case .integer(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  /// The number, whether it is an integer or not.
  var number: Double? {
    if case .real(let value) = self { value } else { integer.map(Double.init) }
  }

  /// The elements of a list or a tuple.
  var elements: [Value]? {
    switch self {
    case .list(let elements), .tuple(let elements): elements
    default: nil
    }
  }

  /// What it is, for errors.
  var typeName: String {
    switch self {
    case .undefined(let name): "undefined: \(name)"
    case .none: "none"
    case .bool: "a boolean"
    case .integer: "an integer"
    case .real: "a number"
    case .string, .markup: "a string"
    case .list: "a list"
    case .tuple: "a tuple"
    case .dictionary: "a dictionary"
    case .object(let object): object.typeName
    }
  }

  /// What a loop over the value visits: elements, keys or characters.
  ///
  /// - Throws: for a value that Python cannot iterate over.
  func iterated() throws(JinjaError) -> [Value] {
    switch self {
    case .undefined: []
    case .list(let elements), .tuple(let elements): elements
    case .dictionary(let dictionary): dictionary.keys.map { .string($0) }
    case .string(let value), .markup(let value):
      value.unicodeScalars.map { .string(String($0)) }
    default: throw JinjaError(.refused, "a loop over \(typeName) (expected a list)")
    }
  }
}

// MARK: - Comparison

extension Value {
  /// Python's `==`.
  static func areEqual(_ a: Value, _ b: Value) -> Bool {
    if let a = a.string, let b = b.string { return a.utf8.elementsEqual(b.utf8) }
    if let a = a.integer, let b = b.integer { return a == b }
    if let a = a.number, let b = b.number { return a == b }
    switch (a, b) {
    case (.none, .none), (.undefined, .undefined): return true
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      return a.count == b.count && zip(a, b).allSatisfy(areEqual)
    case (.dictionary(let a), .dictionary(let b)):
      return a.count == b.count
        && a.items.allSatisfy { key, value in b[key].map { areEqual(value, $0) } ?? false }
    case (.object(let a), .object(let b)): return a === b
    default: return false
    }
  }

  /// Python's `<`, for numbers, strings, lists and tuples.
  static func isLess(_ a: Value, _ b: Value) throws(JinjaError) -> Bool {
    if let a = a.integer, let b = b.integer { return a < b }
    if let a = a.number, let b = b.number { return a < b }
    if let a = a.string, let b = b.string {
      return a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
    }
    switch (a, b) {
    case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
      for (a, b) in zip(a, b) where !areEqual(a, b) { return try isLess(a, b) }
      return a.count < b.count
    default:
      throw JinjaError(.refused, "\(a.typeName) compared with \(b.typeName)")
    }
  }

  /// Python's `element in self`.
  func contains(_ element: Value) throws(JinjaError) -> Bool {
    switch self {
    case .undefined: return false
    case .list(let elements), .tuple(let elements):
      return elements.contains { Value.areEqual($0, element) }
    case .dictionary(let dictionary):
      guard let key = element.string else { return false }
      return dictionary[key] != nil
    case .string(let text), .markup(let text):
      guard let part = element.string else { break }
      return PythonText.find(part, in: text) != nil
    default: break
    }
    throw JinjaError(.refused, "\(element.typeName) looked for in \(typeName)")
  }
}
