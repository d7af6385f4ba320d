// Evaluates expressions.

/// The values of the arguments of a call.
struct ArgumentValues {
  var positional: [Value] = []
  var named: [String: Value] = [:]

  /// The argument at a place or with a name.
  func value(_ index: Int, _ name: String) -> Value? {
    index < positional.count ? positional[index] : named[name]
  }

  /// Refuses arguments beyond those that the callee knows.
  func check(_ callee: String, _ names: [String]) throws(JinjaError) {
    guard positional.count <= names.count else {
      throw JinjaError(
        .refused, "\(positional.count) arguments for \(callee) (expected at most \(names.count))")
    }
    if let name = named.keys.filter({ !names.contains($0) }).min() {
      throw JinjaError(.unsupported, "the argument \(name) of \(callee)")
    }
  }
}

extension Renderer {
  func values(of arguments: Arguments, _ scope: Scope) throws(JinjaError) -> ArgumentValues {
    var values = ArgumentValues()
    for argument in arguments.positional { values.positional.append(try evaluate(argument, scope)) }
    for (name, argument) in arguments.named { values.named[name] = try evaluate(argument, scope) }
    return values
  }

  func evaluate(_ expression: Expression, _ scope: Scope) throws(JinjaError) -> Value {
    try level { () throws(JinjaError) in try value(of: expression, scope) }
  }

  private func value(of expression: Expression, _ scope: Scope) throws(JinjaError) -> Value {
    switch expression {
    case .constant(let constant): return constant.value
    case .name(let name): return try value(of: name, scope)
    case .list(let elements): return .list(try evaluate(all: elements, scope))
    case .tuple(let elements): return .tuple(try evaluate(all: elements, scope))
    case .dictionary(let members):
      var dictionary = Value.Dictionary()
      for member in members {
        guard let key = try evaluate(member.key, scope).string else {
          throw JinjaError(.unsupported, "a dictionary whose keys are no strings")
        }
        dictionary[key] = try evaluate(member.value, scope)
      }
      return .dictionary(dictionary)
    case .attribute(let base, let name):
      return try attribute(name, of: try evaluate(base, scope))
    case .item(let base, let index):
      return try item(try evaluate(index, scope), of: try evaluate(base, scope))
    case .slice(let base, let start, let stop, let step):
      let value = try evaluate(base, scope)
      return try slice(
        value, try bound(start, scope), try bound(stop, scope), try bound(step, scope))
    case .call(let callee, let arguments):
      let function = try evaluate(callee, scope)
      return try call(function, try values(of: arguments, scope))
    case .filter(let operand, let name, let arguments):
      let value = try operand.map { (operand) throws(JinjaError) in try evaluate(operand, scope) }
      return try apply(filter: name, to: value ?? .none, try values(of: arguments, scope))
    case .test(let operand, let name, let arguments, let isNegated):
      let value = try evaluate(operand, scope)
      return .bool(try passes(name, value, try values(of: arguments, scope)) != isNegated)
    case .negative(let operand): return try negated(try evaluate(operand, scope))
    case .positive(let operand):
      let value = try evaluate(operand, scope)
      if case .real = value { return value }
      guard let number = value.integer else {
        throw JinjaError(.refused, "the sign of \(value.typeName)")
      }
      return .integer(number)
    case .not(let operand): return .bool(!(try evaluate(operand, scope).isTrue))
    case .and(let operands): return try first(of: operands, whoseTruthIs: false, scope)
    case .or(let operands): return try first(of: operands, whoseTruthIs: true, scope)
    case .arithmetic(let first, let rest):
      var value = try evaluate(first, scope)
      for (operation, operand) in rest {
        value = try calculate(value, operation, try evaluate(operand, scope))
      }
      return value
    case .concatenation(let operands):
      var text = ""
      for operand in operands {
        let part = try PythonText.text(of: evaluate(operand, scope))
        try spend(bytes: part.utf8.count)
        text += part
      }
      return .string(text)
    case .comparison(let first, let rest):
      var left = try evaluate(first, scope)
      for (comparison, operand) in rest {
        let right = try evaluate(operand, scope)
        guard try holds(left, comparison, right) else { return .bool(false) }
        left = right
      }
      return .bool(true)
    case .conditional(let value, let condition, let otherwise):
      if try evaluate(condition, scope).isTrue { return try evaluate(value, scope) }
      guard let otherwise else { return .undefined("an if without else") }
      return try evaluate(otherwise, scope)
    }
  }

  private func evaluate(
    all expressions: [Expression], _ scope: Scope
  ) throws(JinjaError) -> [Value] {
    var values: [Value] = []
    for expression in expressions { values.append(try evaluate(expression, scope)) }
    return values
  }

  private func first(
    of operands: [Expression], whoseTruthIs truth: Bool, _ scope: Scope
  ) throws(JinjaError) -> Value {
    var value = Value.none
    for operand in operands {
      value = try evaluate(operand, scope)
      if value.isTrue == truth { break }
    }
    return value
  }

  // MARK: - Operators

  private func holds(
    _ left: Value, _ comparison: Comparison, _ right: Value
  ) throws(JinjaError) -> Bool {
    switch comparison {
    case .equal: Value.areEqual(left, right)
    case .notEqual: !Value.areEqual(left, right)
    case .less: try Value.isLess(left, right)
    case .lessOrEqual: try Value.isLess(left, right) || Value.areEqual(left, right)
    case .greater: try Value.isLess(right, left)
    case .greaterOrEqual: try Value.isLess(right, left) || Value.areEqual(left, right)
    case .contained: try right.contains(left)
    case .notContained: !(try right.contains(left))
    }
  }

  private func negated(_ value: Value) throws(JinjaError) -> Value {
    if case .real(let number) = value { return .real(-number) }
    guard let number = value.integer, number != .min else {
      throw JinjaError(.refused, "the negative of \(value.typeName)")
    }
    return .integer(-number)
  }

  private func calculate(
    _ left: Value, _ operation: Arithmetic, _ right: Value
  ) throws(JinjaError) -> Value {
    if let left = left.integer, let right = right.integer, operation != .divide,
      operation != .power
    {
      return .integer(try Self.calculate(left, operation, right))
    }
    if let left = left.number, let right = right.number {
      switch operation {
      case .add: return .real(left + right)
      case .subtract: return .real(left - right)
      case .multiply: return .real(left * right)
      case .divide where right != 0: return .real(left / right)
      default: break
      }
    }
    switch (operation, left, right) {
    case (.add, .markup(let left), .string(let right)):
      return .markup(left + PythonText.escaped(right))
    case (.add, .string(let left), .markup(let right)):
      return .markup(PythonText.escaped(left) + right)
    case (.add, .markup(let left), .markup(let right)): return .markup(left + right)
    case (.add, .string(let left), .string(let right)):
      try spend(bytes: left.utf8.count + right.utf8.count)
      return .string(left + right)
    case (.add, .list(let left), .list(let right)):
      try spend(bytes: left.count + right.count)
      return .list(left + right)
    case (.add, .tuple(let left), .tuple(let right)): return .tuple(left + right)
    case (.multiply, .list(let elements), .integer(let count)),
      (.multiply, .integer(let count), .list(let elements)):
      let (size, overflows) = elements.count.multipliedReportingOverflow(by: max(0, count))
      try spend(bytes: overflows ? .max : size)
      return .list(Array(repeatElement(elements, count: max(0, count)).joined()))
    case (.multiply, .string(let text), .integer(let count)),
      (.multiply, .integer(let count), .string(let text)):
      let (size, overflows) = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
      try spend(bytes: overflows ? .max : size)
      return .string(String(repeating: text, count: max(0, count)))
    default:
      throw JinjaError(
        isNumeric(left) && isNumeric(right) || left.string != nil && operation == .remainder
          ? .unsupported : .refused,
        "\(left.typeName) \(operation.rawValue) \(right.typeName)")
    }
  }

  private func isNumeric(_ value: Value) -> Bool { value.number != nil }

  private static func calculate(
    _ left: Int, _ operation: Arithmetic, _ right: Int
  ) throws(JinjaError) -> Int {
    var result: (partialValue: Int, overflow: Bool) = (0, true)
    switch operation {
    case .add: result = left.addingReportingOverflow(right)
    case .subtract: result = left.subtractingReportingOverflow(right)
    case .multiply: result = left.multipliedReportingOverflow(by: right)
    case .floorDivide where right != 0:
      result = left.dividedReportingOverflow(by: right)
      // Python rounds down.
      if left % right != 0, (left < 0) != (right < 0) { result.partialValue -= 1 }
    case .remainder where right != 0:
      result = left.remainderReportingOverflow(dividingBy: right)
      if result.partialValue != 0, (result.partialValue < 0) != (right < 0) {
        result.partialValue += right
      }
    default: break
    }
    guard !result.overflow else {
      throw JinjaError(.refused, "\(left) \(operation.rawValue) \(right)")
    }
    return result.partialValue
  }

  // MARK: - Attributes and items

  /// `value.name`: a method or attribute, else an item (jinja2's `Environment.getattr`).
  func attribute(_ name: String, of value: Value) throws(JinjaError) -> Value {
    switch value {
    case .undefined(let what): throw JinjaError(.refused, "\(what) is undefined and has no \(name)")
    case .object(let object): return object.attribute(name) ?? .undefined(name)
    case .dictionary(let dictionary):
      if Methods.ofDictionaries.contains(name) { return .object(BoundMethod(value, name)) }
      return dictionary[name] ?? .undefined(name)
    case .string, .markup:
      return Methods.ofStrings.contains(name) ? .object(BoundMethod(value, name)) : .undefined(name)
    case .list, .tuple:
      return Methods.ofLists.contains(name) ? .object(BoundMethod(value, name)) : .undefined(name)
    case .none, .bool, .integer, .real: return .undefined(name)
    }
  }

  /// `value[index]`: an item, else an attribute (jinja2's `Environment.getitem`).
  func item(_ index: Value, of value: Value) throws(JinjaError) -> Value {
    if case .undefined(let what) = value {
      throw JinjaError(
        .refused, "\(what) is undefined and has no item \(try PythonText.representation(of: index))"
      )
    }
    let missing = Value.undefined("item " + (try PythonText.representation(of: index)))
    if let name = index.string {
      if case .dictionary(let dictionary) = value, let member = dictionary[name] { return member }
      return try attribute(name, of: value)
    }
    guard let place = index.integer else { return missing }
    func position(_ count: Int) -> Int? {
      let position = place < 0 ? count + place : place
      return 0..<count ~= position ? position : nil
    }
    switch value {
    case .list(let elements), .tuple(let elements):
      return position(elements.count).map { elements[$0] } ?? missing
    case .string(let text), .markup(let text):
      let scalars = Array(text.unicodeScalars)
      return position(scalars.count).map { .string(String(scalars[$0])) } ?? missing
    default: return missing
    }
  }

  private func bound(_ expression: Expression?, _ scope: Scope) throws(JinjaError) -> Int? {
    guard let expression else { return nil }
    let value = try evaluate(expression, scope)
    if value.isNone { return nil }
    guard let number = value.integer else {
      throw JinjaError(.refused, "\(value.typeName) as the end of a slice (expected an integer)")
    }
    return number
  }

  private func slice(
    _ value: Value, _ start: Int?, _ stop: Int?, _ step: Int?
  ) throws(JinjaError) -> Value {
    switch value {
    case .list(let elements):
      return .list(try Self.places(elements.count, start, stop, step).map { elements[$0] })
    case .tuple(let elements):
      return .tuple(try Self.places(elements.count, start, stop, step).map { elements[$0] })
    case .string(let text), .markup(let text):
      let scalars = Array(text.unicodeScalars)
      var slice = String.UnicodeScalarView()
      slice.append(
        contentsOf: try Self.places(scalars.count, start, stop, step).map { scalars[$0] })
      try spend(bytes: scalars.count)
      return .string(String(slice))
    case .undefined(let what): throw JinjaError(.refused, "a slice of \(what), which is undefined")
    default: throw JinjaError(.refused, "a slice of \(value.typeName)")
    }
  }

  /// Python's `range(*slice(start, stop, step).indices(count))`.
  private static func places(
    _ count: Int, _ start: Int?, _ stop: Int?, _ step: Int?
  ) throws(JinjaError) -> [Int] {
    let step = step ?? 1
    guard step != 0, step != .min else { throw JinjaError(.refused, "a slice of step 0") }
    let (lower, upper) = step > 0 ? (0, count) : (-1, count - 1)
    func clamped(_ bound: Int?, _ preset: Int) -> Int {
      guard let bound else { return preset }
      return min(max(bound < 0 ? max(bound, -count - 1) + count : bound, lower), upper)
    }
    let first = clamped(start, step > 0 ? lower : upper)
    let end = clamped(stop, step > 0 ? upper : lower)
    var places: [Int] = []
    var place = first
    while step > 0 ? place < end : place > end {
      places.append(place)
      let (next, overflows) = place.addingReportingOverflow(step)
      if overflows { break }
      place = next
    }
    return places
  }

  // MARK: - Calls

  func call(_ callee: Value, _ arguments: ArgumentValues) throws(JinjaError) -> Value {
    guard case .object(let object) = callee else {
      throw JinjaError(.refused, "a call of \(callee.typeName)")
    }
    switch object {
    case let macro as MacroValue:
      return try level { () throws(JinjaError) in try call(macro, arguments) }
    case let method as BoundMethod:
      return try call(method: method.name, of: method.receiver, arguments)
    case let function as BuiltInFunction: return try call(function: function.name, arguments)
    default: throw JinjaError(.refused, "a call of \(object.typeName)")
    }
  }
}
