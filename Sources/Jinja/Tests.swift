// The tests that templates apply with `is`.

extension Renderer {
  func passes(
    _ name: String, _ value: Value, _ arguments: ArgumentValues
  ) throws(JinjaError) -> Bool {
    func argument() throws(JinjaError) -> Value {
      guard arguments.positional.count == 1, arguments.named.isEmpty else {
        throw JinjaError(.refused, "the test \(name) without one argument")
      }
      return arguments.positional[0]
    }
    switch name {
    case "eq", "equalto", "==": return Value.areEqual(value, try argument())
    case "ne", "!=": return !Value.areEqual(value, try argument())
    case "lt", "lessthan", "<": return try Value.isLess(value, try argument())
    case "gt", "greaterthan", ">": return try Value.isLess(try argument(), value)
    case "le", "<=": return !(try Value.isLess(try argument(), value))
    case "ge", ">=": return !(try Value.isLess(value, try argument()))
    case "in": return try argument().contains(value)
    case "sameas":
      let other = try argument()
      // Python's `is`: singletons and objects; equal numbers and strings may or may not be the same.
      switch (value, other) {
      case (.none, .none): return true
      case (.bool(let a), .bool(let b)): return a == b
      case (.object(let a), .object(let b)): return a === b
      case (.none, _), (_, .none), (.bool, _), (_, .bool): return false
      default: throw JinjaError(.unsupported, "the test sameas of \(value.typeName)")
      }
    case "divisibleby":
      guard let number = value.integer, let divisor = try argument().integer, divisor != 0 else {
        throw JinjaError(.refused, "divisibleby of \(value.typeName)")
      }
      return number % divisor == 0
    default: break
    }
    guard arguments.positional.isEmpty, arguments.named.isEmpty else {
      throw JinjaError(.refused, "the test \(name) with an argument")
    }
    switch name {
    case "defined": return !value.isUndefined
    case "undefined": return value.isUndefined
    case "none": return value.isNone
    case "true": if case .bool(true) = value { return true } else { return false }
    case "false": if case .bool(false) = value { return true } else { return false }
    case "boolean": if case .bool = value { return true } else { return false }
    case "integer": if case .integer = value { return true } else { return false }
    case "float": if case .real = value { return true } else { return false }
    // In Python a truth value is a number, too.
    case "number": return value.number != nil
    case "string": return value.string != nil
    case "mapping": if case .dictionary = value { return true } else { return false }
    case "sequence", "iterable":
      switch value {
      case .string, .markup, .list, .tuple, .dictionary, .undefined: return true
      case .object(let object): return object is LoopState && name == "iterable"
      default: return false
      }
    case "callable":
      if case .object(let object) = value { return !(object is Namespace) }
      return false
    case "odd", "even":
      guard let number = value.integer else {
        throw JinjaError(.refused, "the test \(name) of \(value.typeName)")
      }
      return (number % 2 != 0) == (name == "odd")
    case "lower", "upper":
      let text = try PythonText.text(of: value)
      // Python asks for at least one letter with a case.
      return text.unicodeScalars.contains(where: \.properties.isCased)
        && (name == "lower" ? text.lowercased() : text.uppercased()).utf8.elementsEqual(text.utf8)
    default: throw JinjaError(.unsupported, "the test \(name)")
    }
  }
}
