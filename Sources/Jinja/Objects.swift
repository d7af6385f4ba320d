// Values with identity or behaviour: namespaces, loops, macros, functions and bound methods.

/// The variables of a part of the template. An assignment changes the innermost scope.
final class Scope {
  private var values: [String: Value]
  private let parent: Scope?

  init(_ values: [String: Value] = [:], parent: Scope? = nil) {
    self.values = values
    self.parent = parent
  }

  subscript(name: String) -> Value? {
    var scope: Scope? = self
    while let current = scope {
      if let value = current.values[name] { return value }
      scope = current.parent
    }
    return nil
  }

  func set(_ name: String, _ value: Value) { values[name] = value }
}

/// `namespace(...)`: attributes that keep their values across scopes.
final class Namespace: TemplateObject {
  var values: [String: Value]
  let typeName = "a namespace"

  init(_ values: [String: Value]) { self.values = values }

  func attribute(_ name: String) -> Value? { values[name] }
}

/// The variable `loop`.
final class LoopState: TemplateObject {
  let elements: [Value]
  var index = 0
  /// The arguments of the last call of `changed`.
  var lastChanged: [Value]?
  let typeName = "a loop"

  init(_ elements: [Value]) { self.elements = elements }

  func attribute(_ name: String) -> Value? {
    switch name {
    case "index": .integer(index + 1)
    case "index0": .integer(index)
    case "revindex": .integer(elements.count - index)
    case "revindex0": .integer(elements.count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index == elements.count - 1)
    case "length": .integer(elements.count)
    // Only recursive loops are deeper.
    case "depth": .integer(1)
    case "depth0": .integer(0)
    case "previtem": index > 0 ? elements[index - 1] : .undefined("there is no previous item")
    case "nextitem":
      index + 1 < elements.count ? elements[index + 1] : .undefined("there is no next item")
    case "cycle", "changed": .object(BoundMethod(.object(self), name))
    default: nil
    }
  }
}

/// A macro with the scope in which it was defined.
final class MacroValue: TemplateObject {
  let macro: Macro
  let scope: Scope
  let typeName = "a macro"

  init(_ macro: Macro, _ scope: Scope) {
    self.macro = macro
    self.scope = scope
  }

  func attribute(_ name: String) -> Value? { name == "name" ? .string(macro.name) : nil }
}

/// A function of the environment.
final class BuiltInFunction: TemplateObject {
  let name: String
  let typeName = "a function"

  init(_ name: String) { self.name = name }

  func attribute(_ name: String) -> Value? { nil }
}

/// A method of a value that is about to be called.
final class BoundMethod: TemplateObject {
  let receiver: Value
  let name: String
  let typeName = "a method"

  init(_ receiver: Value, _ name: String) {
    self.receiver = receiver
    self.name = name
  }

  func attribute(_ name: String) -> Value? { nil }
}
