// The functions of the environment.

extension Renderer {
  func call(function name: String, _ arguments: ArgumentValues) throws(JinjaError) -> Value {
    switch name {
    case "namespace", "dict":
      guard arguments.positional.count <= 1 else {
        throw JinjaError(.refused, "\(arguments.positional.count) arguments for \(name)")
      }
      var members = Value.Dictionary()
      if let first = arguments.positional.first {
        guard case .dictionary(let dictionary) = first else {
          throw JinjaError(.unsupported, "\(name) of \(first.typeName) (expected a dictionary)")
        }
        members = dictionary
      }
      for key in arguments.named.keys.sorted() {
        // The order of named members would be lost in text.
        if name == "dict", arguments.named.count > 1 {
          throw JinjaError(.unsupported, "dict with several named members")
        }
        members[key] = arguments.named[key]
      }
      guard name == "namespace" else { return .dictionary(members) }
      if let key = members.keys.first(where: { $0.hasPrefix("_") }) {
        throw JinjaError(.refused, "the attribute \(key) of a namespace (expected no leading _)")
      }
      return .object(
        Namespace(Dictionary(members.items.map { ($0.key, $0.value) }) { _, last in last }))
    case "range": return .list(try range(arguments))
    case "raise_exception":
      let message = try PythonText.text(of: arguments.positional.first ?? .string(""))
      throw JinjaError(.refused, "the template refuses this: \(message)")
    case "strftime_now":
      guard let format = arguments.positional.first?.string else {
        throw JinjaError(.refused, "strftime_now without a format")
      }
      guard let now else {
        throw JinjaError(.needsDate, "the template writes today's date, and no date is given")
      }
      return .string(try now.text(format))
    default: throw JinjaError(.unsupported, "the function \(name)")
    }
  }

  private func range(_ arguments: ArgumentValues) throws(JinjaError) -> [Value] {
    var bounds: [Int] = []
    for argument in arguments.positional {
      guard let bound = argument.integer else {
        throw JinjaError(.refused, "range of \(argument.typeName) (expected integers)")
      }
      bounds.append(bound)
    }
    guard 1...3 ~= bounds.count, arguments.named.isEmpty else {
      throw JinjaError(.refused, "\(bounds.count) arguments for range (expected 1 to 3)")
    }
    let start = bounds.count == 1 ? 0 : bounds[0]
    let stop = bounds.count == 1 ? bounds[0] : bounds[1]
    let step = bounds.count == 3 ? bounds[2] : 1
    guard step != 0 else { throw JinjaError(.refused, "range of step 0") }
    // jinja2's sandbox refuses ranges of more than 100,000 numbers.
    let numbers = stride(from: start, to: stop, by: step)
    guard Array(numbers.prefix(100_001)).count <= 100_000 else {
      throw JinjaError(.refused, "a range of more than 100000 numbers")
    }
    let values = numbers.map(Value.integer)
    try spend(bytes: 8 * values.count)
    return values
  }
}
