// Runs the statements of a template.
import StrictJSON

/// One rendering: its output, its scopes, and what it may still spend.
final class Renderer {
  let now: CalendarTime?
  private let unknown: [String: String]
  private var steps: Int
  private var bytes: Int
  private var depth = 0
  private(set) var line = 1
  /// The text being written; macros and captured blocks write into texts of their own.
  private var output = ""

  /// Each level of expressions, bodies and macros needs stack.
  private static let maximumDepth = 250

  init(now: CalendarTime?, unknown: [String: String], limits: JinjaTemplate.Limits) {
    self.now = now
    self.unknown = unknown
    steps = limits.steps
    bytes = limits.bytes
  }

  private enum Flow {
    case normal
    case leave
    case next
  }

  func render(
    _ statements: [Statement], _ variables: JSONObject
  ) throws(JinjaError) -> String {
    do throws(JinjaError) {
      let globals = Scope(
        Dictionary(
          uniqueKeysWithValues: ["namespace", "range", "dict", "raise_exception", "strftime_now"]
            .map { ($0, .object(BuiltInFunction($0))) }))
      let context = Scope(parent: globals)
      for (name, value) in variables.members { context.set(name, try Value(value)) }
      _ = try run(statements, Scope(parent: context))
      return output
    } catch {
      var error = error
      error.line = error.line ?? line
      throw error
    }
  }

  // MARK: - Limits

  func spend(bytes count: Int) throws(JinjaError) {
    bytes -= count
    if bytes < 0 { throw JinjaError(.limit, "the template makes too much text") }
  }

  /// Counts a step, and a level for as long as `body` runs.
  func level<Result>(
    _ body: () throws(JinjaError) -> Result
  ) throws(JinjaError) -> Result {
    steps -= 1
    if steps < 0 { throw JinjaError(.limit, "the template needs too many steps") }
    depth += 1
    defer { depth -= 1 }
    if depth > Self.maximumDepth {
      throw JinjaError(.limit, "more than \(Self.maximumDepth) levels within each other")
    }
    return try body()
  }

  private func write(_ text: String) throws(JinjaError) {
    try spend(bytes: text.utf8.count)
    output += text
  }

  /// The text that a body writes.
  private func captured(
    _ body: () throws(JinjaError) -> Void
  ) throws(JinjaError) -> String {
    let outer = output
    output = ""
    defer { output = outer }
    try body()
    return output
  }

  // MARK: - Statements

  private func run(_ statements: [Statement], _ scope: Scope) throws(JinjaError) -> Flow {
    for statement in statements {
      line = statement.line
      let flow = try level { () throws(JinjaError) in try run(statement, scope) }
      if flow != .normal { return flow }
    }
    return .normal
  }

  private func run(_ statement: Statement, _ scope: Scope) throws(JinjaError) -> Flow {
    switch statement.kind {
    case .text(let text): try write(text)
    case .output(let expression):
      try write(PythonText.text(of: evaluate(expression, scope)))
    case .conditional(let branches):
      for branch in branches {
        if let condition = branch.condition, !(try evaluate(condition, scope).isTrue) { continue }
        return try run(branch.body, scope)
      }
    case .loop(let loop): try run(loop, scope)
    case .set(let target, let expression):
      try assign(try evaluate(expression, scope), to: target, scope)
    case .capture(let target, let filters, let body):
      let inner = Scope(parent: scope)
      let text = try captured { () throws(JinjaError) in _ = try run(body, inner) }
      try assign(try filtered(.string(text), filters, scope), to: target, scope)
    case .macro(let macro): scope.set(macro.name, .object(MacroValue(macro, scope)))
    case .callBlock(let caller, let call):
      guard case .call(let callee, let arguments) = call else { break }
      let function = try evaluate(callee, scope)
      var values = try values(of: arguments, scope)
      values.named["caller"] = .object(MacroValue(caller, scope))
      try write(PythonText.text(of: self.call(function, values)))
    case .filterBlock(let filters, let body):
      let inner = Scope(parent: scope)
      let text = try captured { () throws(JinjaError) in _ = try run(body, inner) }
      try write(PythonText.text(of: filtered(.string(text), filters, scope)))
    case .with(let values, let body):
      let inner = Scope(parent: scope)
      for (target, expression) in values {
        try assign(try evaluate(expression, scope), to: target, inner)
      }
      return try run(body, inner)
    case .generation(let body): _ = try run(body, Scope(parent: scope))
    case .leave: return .leave
    case .next: return .next
    }
    return .normal
  }

  private func run(_ loop: Loop, _ scope: Scope) throws(JinjaError) {
    var elements = try evaluate(loop.sequence, scope).iterated()
    if let condition = loop.condition {
      var kept: [Value] = []
      for element in elements {
        let inner = Scope(parent: scope)
        try assign(element, to: loop.target, inner)
        if try evaluate(condition, inner).isTrue { kept.append(element) }
      }
      elements = kept
    }
    if elements.isEmpty {
      _ = try run(loop.otherwise, Scope(parent: scope))
      return
    }
    let state = LoopState(elements)
    for (index, element) in elements.enumerated() {
      state.index = index
      let inner = Scope(["loop": .object(state)], parent: scope)
      try assign(element, to: loop.target, inner)
      // An empty body takes a step, too.
      let flow = try level { () throws(JinjaError) in try run(loop.body, inner) }
      if flow == .leave { break }
    }
  }

  private func assign(_ value: Value, to target: Target, _ scope: Scope) throws(JinjaError) {
    switch target {
    case .name(let name): scope.set(name, value)
    case .names(let names):
      let elements = try value.iterated()
      guard elements.count == names.count else {
        throw JinjaError(
          .refused, "\(elements.count) values assigned to \(names.count) names")
      }
      for (name, element) in zip(names, elements) { scope.set(name, element) }
    case .attribute(let name, let attribute):
      guard case .object(let object)? = scope[name], let namespace = object as? Namespace else {
        throw JinjaError(.refused, "\(name).\(attribute) is assigned, but \(name) is no namespace")
      }
      guard !attribute.hasPrefix("_") else {
        throw JinjaError(.refused, "\(name).\(attribute) is assigned (expected no leading _)")
      }
      namespace.values[attribute] = value
    }
  }

  private func filtered(
    _ value: Value, _ filters: [(name: String, arguments: Arguments)], _ scope: Scope
  ) throws(JinjaError) -> Value {
    var value = value
    for filter in filters {
      value = try apply(filter: filter.name, to: value, try values(of: filter.arguments, scope))
    }
    return value
  }

  // MARK: - Names and calls

  func value(of name: String, _ scope: Scope) throws(JinjaError) -> Value {
    if let value = scope[name] { return value }
    if ["cycler", "joiner", "lipsum"].contains(name) {
      throw JinjaError(.unsupported, "the function \(name)")
    }
    if let message = unknown[name] { throw JinjaError(.refused, message) }
    return .undefined(name)
  }

  /// The text that a macro writes.
  func call(_ value: MacroValue, _ arguments: ArgumentValues) throws(JinjaError) -> Value {
    let macro = value.macro
    let scope = Scope(parent: value.scope)
    guard arguments.positional.count <= macro.parameters.count else {
      throw JinjaError(
        .refused,
        "\(arguments.positional.count) arguments for \(macro.name) "
          + "(expected at most \(macro.parameters.count))")
    }
    var named = arguments.named
    for (index, parameter) in macro.parameters.enumerated() {
      if index < arguments.positional.count {
        guard named[parameter.name] == nil else {
          throw JinjaError(.refused, "two values of \(parameter.name) for \(macro.name)")
        }
        scope.set(parameter.name, arguments.positional[index])
      } else if let value = named.removeValue(forKey: parameter.name) {
        scope.set(parameter.name, value)
      } else if let preset = parameter.preset {
        scope.set(parameter.name, try evaluate(preset, scope))
      } else {
        scope.set(parameter.name, .undefined(parameter.name))
      }
    }
    if let caller = named.removeValue(forKey: "caller") { scope.set("caller", caller) }
    if let name = named.keys.min() {
      throw JinjaError(.refused, "the argument \(name) for \(macro.name)")
    }
    let place = line
    defer { line = place }
    return .string(try captured { () throws(JinjaError) in _ = try run(macro.body, scope) })
  }
}
