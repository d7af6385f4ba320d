// The filters that templates apply with |.

extension Renderer {
  func apply(
    filter name: String, to value: Value, _ arguments: ArgumentValues
  ) throws(JinjaError) -> Value {
    switch name {
    case "tojson": return .string(try json(value, arguments))
    case "safe": return .markup(try PythonText.text(of: value))
    case "string":
      if case .markup = value { return value }
      return .string(try PythonText.text(of: value))
    case "default", "d":
      try arguments.check(name, ["default_value", "boolean"])
      let isMissing =
        value.isUndefined || arguments.value(1, "boolean")?.isTrue ?? false && !value.isTrue
      return isMissing ? arguments.value(0, "default_value") ?? .string("") : value
    case "length", "count": return .integer(try length(value))
    case "trim", "upper", "lower", "capitalize", "title", "replace", "indent", "escape", "e":
      return try apply(textFilter: name, to: value, arguments)
    case "list", "first", "last", "reverse", "sort", "unique", "join", "map", "select", "reject",
      "selectattr", "rejectattr", "sum", "min", "max":
      return try apply(listFilter: name, to: value, arguments)
    case "items":
      if value.isUndefined { return .list([]) }
      guard case .dictionary(let dictionary) = value else {
        throw JinjaError(.refused, "items of \(value.typeName) (expected a dictionary)")
      }
      return .list(dictionary.items.map { .tuple([.string($0.key), $0.value]) })
    case "dictsort": return .list(try sortedItems(value, arguments))
    case "int", "float", "abs", "round": return try apply(numberFilter: name, to: value, arguments)
    case "attr":
      guard let attribute = arguments.positional.first?.string else {
        throw JinjaError(.refused, "attr without a name")
      }
      if case .object(let object) = value { return object.attribute(attribute) ?? .undefined(name) }
      throw JinjaError(.unsupported, "the filter attr of \(value.typeName)")
    default: throw JinjaError(.unsupported, "the filter \(name)")
    }
  }

  private func length(_ value: Value) throws(JinjaError) -> Int {
    switch value {
    case .string(let text), .markup(let text): text.unicodeScalars.count
    case .dictionary(let dictionary): dictionary.count
    case .list(let elements), .tuple(let elements): elements.count
    case .undefined: 0
    default: throw JinjaError(.refused, "the length of \(value.typeName)")
    }
  }

  private func json(_ value: Value, _ arguments: ArgumentValues) throws(JinjaError) -> String {
    try arguments.check("tojson", ["ensure_ascii", "indent", "separators", "sort_keys"])
    var indentation: String?
    switch arguments.value(1, "indent") {
    case nil, Value.none?: break
    case .string(let text)?: indentation = text
    case let width?:
      guard let width = width.integer else {
        throw JinjaError(.refused, "tojson with an indent that is \(width.typeName)")
      }
      indentation = String(repeating: " ", count: min(max(0, width), 1 << 10))
    }
    var separators: (item: String, key: String)?
    if let pair = arguments.value(2, "separators"), !pair.isNone {
      guard let pair = pair.elements, pair.count == 2, let item = pair[0].string,
        let key = pair[1].string
      else { throw JinjaError(.refused, "tojson with separators that are no pair of strings") }
      separators = (item, key)
    }
    let text = try PythonJSON(
      asciiOnly: arguments.value(0, "ensure_ascii")?.isTrue ?? false, indentation: indentation,
      separators: separators, sortsKeys: arguments.value(3, "sort_keys")?.isTrue ?? false
    ).text(of: value)
    try spend(bytes: text.utf8.count)
    return text
  }

  // MARK: - Text

  private func apply(
    textFilter name: String, to value: Value, _ arguments: ArgumentValues
  ) throws(JinjaError) -> Value {
    if case .markup = value {
      guard name == "trim", arguments.positional.isEmpty, arguments.named.isEmpty else {
        throw JinjaError(.unsupported, "the filter \(name) of text that is marked as safe")
      }
      return .markup(PythonText.stripped(try PythonText.text(of: value)))
    }
    let text = try PythonText.text(of: value)
    try spend(bytes: text.utf8.count)
    switch name {
    case "trim":
      try arguments.check(name, ["chars"])
      return .string(PythonText.stripped(text, arguments.value(0, "chars")?.string))
    case "replace":
      try arguments.check(name, ["old", "new", "count"])
      guard let old = arguments.value(0, "old"), let new = arguments.value(1, "new") else {
        throw JinjaError(.refused, "replace without two strings")
      }
      let count = arguments.value(2, "count")?.integer
      let result = try PythonText.replacing(
        PythonText.text(of: old), with: try PythonText.text(of: new), in: text,
        limit: count.flatMap { $0 < 0 ? nil : $0 })
      try spend(bytes: result.utf8.count)
      return .string(result)
    case "indent":
      try arguments.check(name, ["width", "first", "blank"])
      return .string(try indented(text, arguments))
    case "escape", "e":
      try arguments.check(name, [])
      return .markup(PythonText.escaped(text))
    default:
      try arguments.check(name, [])
      return .string(name == "title" ? PythonText.titledWords(text) : Self.cased(text, name))
    }
  }

  private func indented(_ text: String, _ arguments: ArgumentValues) throws(JinjaError) -> String {
    let width = arguments.value(0, "width")
    let prefix =
      width?.string ?? String(repeating: " ", count: min(max(0, width?.integer ?? 4), 1 << 10))
    let indentsFirst = arguments.value(1, "first")?.isTrue ?? false
    let indentsBlank = arguments.value(2, "blank")?.isTrue ?? false
    // jinja2 adds a line break so that a last line that is empty counts.
    var lines = PythonText.lines(text + "\n")
    if lines.isEmpty { lines = [""] }
    for index in lines.indices where index > 0 || indentsFirst {
      if index == 0 || indentsBlank || !lines[index].isEmpty {
        lines[index] = prefix + lines[index]
      }
    }
    let result = lines.joined(separator: "\n")
    try spend(bytes: result.utf8.count)
    return result
  }

  // MARK: - Lists

  private func apply(
    listFilter name: String, to value: Value, _ arguments: ArgumentValues
  ) throws(JinjaError) -> Value {
    var elements: [Value] = []
    if name == "reverse", let text = value.string {
      return .string(String(String.UnicodeScalarView(text.unicodeScalars.reversed())))
    }
    elements = try value.iterated()
    switch name {
    case "list": return .list(elements)
    case "first": return elements.first ?? .undefined("the first item of nothing")
    case "last": return elements.last ?? .undefined("the last item of nothing")
    case "reverse": return .list(elements.reversed())
    case "join":
      try arguments.check(name, ["d", "attribute"])
      if let attribute = arguments.value(1, "attribute") {
        elements = try mapped(elements, attribute: attribute, preset: nil)
      }
      let separator = try PythonText.text(of: arguments.value(0, "d") ?? .string(""))
      let parts = try elements.map { (element) throws(JinjaError) in
        try PythonText.text(of: element)
      }
      let text = parts.joined(separator: separator)
      try spend(bytes: text.utf8.count)
      return .string(text)
    case "map":
      if let attribute = arguments.named["attribute"] {
        return .list(
          try mapped(elements, attribute: attribute, preset: arguments.named["default"]))
      }
      var rest = arguments
      guard let filter = arguments.positional.first?.string else {
        throw JinjaError(.refused, "map without the name of a filter")
      }
      rest.positional.removeFirst()
      return .list(
        try elements.map { (element) throws(JinjaError) in
          try level { () throws(JinjaError) in try apply(filter: filter, to: element, rest) }
        })
    case "select", "reject", "selectattr", "rejectattr":
      return .list(try chosen(name, elements, arguments))
    case "sum":
      var sum = 0
      for element in elements {
        guard let number = element.integer else {
          throw JinjaError(.unsupported, "the sum of \(element.typeName) (expected integers)")
        }
        let (next, overflows) = sum.addingReportingOverflow(number)
        guard !overflows else { throw JinjaError(.unsupported, "a sum of 2^63 or more") }
        sum = next
      }
      return .integer(sum)
    default: return try ordered(name, elements, arguments)
    }
  }

  /// `sort`, `unique`, `min` and `max`, which compare text without case unless asked otherwise.
  private func ordered(
    _ name: String, _ elements: [Value], _ arguments: ArgumentValues
  ) throws(JinjaError) -> Value {
    let names =
      name == "sort"
      ? ["reverse", "case_sensitive", "attribute"] : ["case_sensitive", "attribute"]
    try arguments.check(name, names)
    let keeps = arguments.value(names.count - 2, "case_sensitive")?.isTrue ?? false
    var keys = elements
    if let attribute = arguments.value(names.count - 1, "attribute"), !attribute.isNone {
      keys = try mapped(elements, attribute: attribute, preset: nil)
    }
    if !keeps { keys = keys.map(Self.withoutCase) }
    if name == "unique" {
      var kept: [Value] = []
      var seen: [Value] = []
      for (element, key) in zip(elements, keys)
      where !seen.contains(where: { Value.areEqual($0, key) }) {
        seen.append(key)
        kept.append(element)
      }
      return .list(kept)
    }
    let isReversed = name == "sort" && arguments.value(0, "reverse")?.isTrue ?? false
    let order = try Self.order(keys, isReversed: isReversed || name == "max")
    if name == "sort" { return .list(order.map { elements[$0] }) }
    return order.first.map { elements[$0] } ?? .undefined("an item of nothing")
  }

  static func withoutCase(_ value: Value) -> Value {
    value.string.map { .string(PythonText.lowered($0)) } ?? value
  }

  /// The places of the keys in ascending or descending order; equal ones keep their order.
  static func order(_ keys: [Value], isReversed: Bool) throws(JinjaError) -> [Int] {
    var order: [Int] = []
    for place in keys.indices {
      // Binary insertion after all keys that are not greater.
      var (low, high) = (0, order.count)
      while low < high {
        let middle = (low + high) / 2
        let isAfter =
          isReversed
          ? try Value.isLess(keys[order[middle]], keys[place])
          : try Value.isLess(keys[place], keys[order[middle]])
        if isAfter { high = middle } else { low = middle + 1 }
      }
      order.insert(place, at: low)
    }
    return order
  }

  private func mapped(
    _ elements: [Value], attribute: Value, preset: Value?
  ) throws(JinjaError) -> [Value] {
    var values: [Value] = []
    for element in elements {
      var value = element
      // `a.b` is an attribute of an attribute, and digits are an index.
      for part in try PythonText.text(of: attribute).split(separator: ".") {
        let key = Int(part).map(Value.integer) ?? .string(String(part))
        value = try item(key, of: value)
      }
      values.append(value.isUndefined ? preset ?? value : value)
    }
    return values
  }

  private func chosen(
    _ name: String, _ elements: [Value], _ arguments: ArgumentValues
  ) throws(JinjaError) -> [Value] {
    var rest = arguments
    var keys = elements
    if name.hasSuffix("attr") {
      guard !rest.positional.isEmpty else {
        throw JinjaError(.refused, "\(name) without an attribute")
      }
      keys = try mapped(elements, attribute: rest.positional.removeFirst(), preset: nil)
    }
    let test = rest.positional.isEmpty ? nil : rest.positional.removeFirst().string
    let isRejecting = name.hasPrefix("reject")
    var kept: [Value] = []
    for (element, key) in zip(elements, keys) {
      var isChosen = key.isTrue
      if let test { isChosen = try passes(test, key, rest) }
      if isChosen != isRejecting { kept.append(element) }
    }
    return kept
  }

  private func sortedItems(
    _ value: Value, _ arguments: ArgumentValues
  ) throws(JinjaError) -> [Value] {
    try arguments.check("dictsort", ["case_sensitive", "by", "reverse"])
    guard case .dictionary(let dictionary) = value else {
      throw JinjaError(.refused, "dictsort of \(value.typeName) (expected a dictionary)")
    }
    let isByValue = arguments.value(1, "by")?.string == "value"
    let items = dictionary.items
    var keys = items.map { isByValue ? $0.value : .string($0.key) }
    if !(arguments.value(0, "case_sensitive")?.isTrue ?? false) {
      keys = keys.map(Self.withoutCase)
    }
    return try Self.order(keys, isReversed: arguments.value(2, "reverse")?.isTrue ?? false)
      .map { .tuple([.string(items[$0].key), items[$0].value]) }
  }

  // MARK: - Numbers

  private func apply(
    numberFilter name: String, to value: Value, _ arguments: ArgumentValues
  ) throws(JinjaError) -> Value {
    switch (name, value) {
    case ("int", _):
      if let number = value.integer { return .integer(number) }
      if case .real(let number) = value, abs(number) < 0x1p62 { return .integer(Int(number)) }
      if let number = value.string.flatMap({ Int(PythonText.stripped($0)) }) {
        return .integer(number)
      }
      if value.string != nil, arguments.positional.isEmpty,
        !(value.string ?? "").contains(where: \.isNumber)
      {
        return .integer(0)
      }
    case ("float", _):
      if let number = value.number { return .real(number) }
      if let number = value.string.flatMap({ Double(PythonText.stripped($0)) }) {
        return .real(number)
      }
    case ("abs", .integer(let number)) where number != .min: return .integer(abs(number))
    case ("abs", .real(let number)): return .real(abs(number))
    case ("round", .integer(let number)) where arguments.positional.isEmpty:
      return .integer(number)
    case ("round", .real(let number)) where arguments.positional.isEmpty && arguments.named.isEmpty:
      return .real(number.rounded(.toNearestOrEven))
    default: break
    }
    throw JinjaError(.unsupported, "the filter \(name) of \(value.typeName)")
  }
}
