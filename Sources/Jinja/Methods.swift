// The methods of Python's strings, lists and dictionaries that templates call.

enum Methods {
  /// All methods of `dict`: they hide members of the same name in `value.name`.
  static let ofDictionaries: Set<String> = [
    "clear", "copy", "fromkeys", "get", "items", "keys", "pop", "popitem", "setdefault", "update",
    "values",
  ]
  /// All methods of `list`.
  static let ofLists: Set<String> = [
    "append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse",
    "sort",
  ]
  /// All methods of `str`.
  static let ofStrings: Set<String> = [
    "capitalize", "casefold", "center", "count", "encode", "endswith", "expandtabs", "find",
    "format", "format_map", "index", "isalnum", "isalpha", "isascii", "isdecimal", "isdigit",
    "isidentifier", "islower", "isnumeric", "isprintable", "isspace", "istitle", "isupper", "join",
    "ljust", "lower", "lstrip", "maketrans", "partition", "removeprefix", "removesuffix", "replace",
    "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines",
    "startswith", "strip", "swapcase", "title", "translate", "upper", "zfill",
  ]
}

extension Renderer {
  func call(
    method name: String, of receiver: Value, _ arguments: ArgumentValues
  ) throws(JinjaError) -> Value {
    switch receiver {
    case .string(let text): return try call(method: name, ofString: text, arguments)
    case .dictionary(let dictionary):
      return try call(method: name, ofDictionary: dictionary, arguments)
    case .list(let elements), .tuple(let elements):
      try arguments.check(name, ["value"])
      if let value = arguments.positional.first {
        let places = elements.indices.filter { Value.areEqual(elements[$0], value) }
        if name == "count" { return .integer(places.count) }
        if name == "index", let place = places.first { return .integer(place) }
      }
      throw unsupported(name, receiver)
    case .object(let object):
      if let loop = object as? LoopState { return try call(method: name, of: loop, arguments) }
      throw unsupported(name, receiver)
    default: throw unsupported(name, receiver)
    }
  }

  private func unsupported(_ method: String, _ receiver: Value) -> JinjaError {
    JinjaError(.unsupported, "the method \(method) of \(receiver.typeName)")
  }

  private func call(
    method name: String, of loop: LoopState, _ arguments: ArgumentValues
  ) throws(JinjaError) -> Value {
    let values = arguments.positional
    if name == "cycle" {
      guard !values.isEmpty else { throw JinjaError(.refused, "no items to cycle through") }
      return values[loop.index % values.count]
    }
    let isSame =
      loop.lastChanged.map {
        $0.count == values.count && zip($0, values).allSatisfy(Value.areEqual)
      }
      ?? false
    loop.lastChanged = values
    return .bool(!isSame)
  }

  private func call(
    method name: String, ofDictionary dictionary: Value.Dictionary, _ arguments: ArgumentValues
  ) throws(JinjaError) -> Value {
    switch name {
    case "items":
      try arguments.check(name, [])
      return .list(dictionary.items.map { .tuple([.string($0.key), $0.value]) })
    case "keys":
      try arguments.check(name, [])
      return .list(dictionary.keys.map { .string($0) })
    case "values":
      try arguments.check(name, [])
      return .list(dictionary.items.map(\.value))
    case "copy": return .dictionary(dictionary)
    case "get":
      try arguments.check(name, ["key", "default"])
      guard let key = arguments.positional.first else {
        throw JinjaError(.refused, "get without a key")
      }
      return key.string.flatMap { dictionary[$0] } ?? arguments.value(1, "default") ?? .none
    default: throw unsupported(name, .dictionary(dictionary))
    }
  }

  private func call(
    method name: String, ofString text: String, _ arguments: ArgumentValues
  ) throws(JinjaError) -> Value {
    func string(_ index: Int, _ parameter: String) throws(JinjaError) -> String? {
      guard let value = arguments.value(index, parameter), !value.isNone else { return nil }
      guard let string = value.string else {
        throw JinjaError(.refused, "\(name) with \(value.typeName) (expected a string)")
      }
      return string
    }
    func limit(_ index: Int, _ parameter: String) throws(JinjaError) -> Int? {
      guard let value = arguments.value(index, parameter) else { return nil }
      guard let number = value.integer else {
        throw JinjaError(.refused, "\(name) with \(value.typeName) (expected an integer)")
      }
      return number < 0 ? nil : number
    }
    func required(_ index: Int, _ parameter: String) throws(JinjaError) -> String {
      guard let string = try string(index, parameter) else {
        throw JinjaError(.refused, "\(name) without \(parameter)")
      }
      return string
    }
    try spend(bytes: text.utf8.count)
    switch name {
    case "strip", "lstrip", "rstrip":
      try arguments.check(name, ["chars"])
      return .string(
        PythonText.stripped(
          text, try string(0, "chars"), left: name != "rstrip", right: name != "lstrip"))
    case "split", "rsplit":
      try arguments.check(name, ["sep", "maxsplit"])
      let limit = try limit(1, "maxsplit")
      guard let separator = try string(0, "sep") else {
        guard name == "split" || limit == nil else { throw unsupported(name, .string(text)) }
        return .list(PythonText.words(text, limit: limit).map { .string($0) })
      }
      guard !separator.isEmpty else { throw JinjaError(.refused, "split by an empty string") }
      return .list(
        PythonText.split(text, by: separator, limit: limit, fromRight: name == "rsplit")
          .map { .string($0) })
    case "splitlines":
      try arguments.check(name, ["keepends"])
      return .list(
        PythonText.lines(text, keepingEnds: arguments.value(0, "keepends")?.isTrue ?? false)
          .map { .string($0) })
    case "startswith", "endswith":
      try arguments.check(name, ["part"])
      var parts = [arguments.positional.first ?? .none]
      if case .tuple(let several)? = arguments.positional.first { parts = several }
      let whole = Array(text.utf8)
      for value in parts {
        guard let part = value.string.map({ Array($0.utf8) }) else {
          throw JinjaError(.refused, "\(name) with \(value.typeName) (expected a string)")
        }
        if name == "startswith" ? whole.starts(with: part) : whole.suffix(part.count) == part[...] {
          return .bool(true)
        }
      }
      return .bool(false)
    case "removeprefix", "removesuffix":
      try arguments.check(name, ["part"])
      let (whole, part) = (Array(text.utf8), Array(try required(0, "part").utf8))
      let isPrefix = name == "removeprefix"
      guard isPrefix ? whole.starts(with: part) : whole.suffix(part.count) == part[...] else {
        return .string(text)
      }
      return .string(
        String(
          decoding: isPrefix ? whole.dropFirst(part.count) : whole.dropLast(part.count),
          as: UTF8.self))
    case "replace":
      try arguments.check(name, ["old", "new", "count"])
      let result = PythonText.replacing(
        try required(0, "old"), with: try required(1, "new"), in: text, limit: try limit(2, "count")
      )
      try spend(bytes: result.utf8.count)
      return .string(result)
    case "find", "rfind", "index":
      try arguments.check(name, ["part"])
      let pieces = PythonText.split(
        text, by: try required(0, "part"), limit: 1, fromRight: name == "rfind")
      // Python counts code points.
      if pieces.count == 2 { return .integer(pieces[0].unicodeScalars.count) }
      if name == "index" { throw JinjaError(.refused, "index of text that is not there") }
      return .integer(-1)
    case "count":
      try arguments.check(name, ["part"])
      let part = try required(0, "part")
      guard !part.isEmpty else { return .integer(text.unicodeScalars.count + 1) }
      return .integer(PythonText.split(text, by: part, limit: nil).count - 1)
    case "join":
      try arguments.check(name, ["elements"])
      var parts: [String] = []
      for element in try (arguments.positional.first ?? .none).iterated() {
        guard let part = element.string else {
          throw JinjaError(.refused, "join of \(element.typeName) (expected strings)")
        }
        parts.append(part)
      }
      return .string(parts.joined(separator: text))
    case "upper", "lower", "capitalize", "title":
      try arguments.check(name, [])
      return .string(Self.cased(text, name))
    case "isdigit":
      try arguments.check(name, [])
      return .bool(
        !text.isEmpty && text.unicodeScalars.allSatisfy { $0.properties.numericType == .decimal })
    case "isspace":
      try arguments.check(name, [])
      return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(\.isPythonSpace))
    default: throw unsupported(name, .string(text))
    }
  }

  static func cased(_ text: String, _ method: String) -> String {
    switch method {
    case "upper": text.uppercased()
    case "lower": PythonText.lowered(text)
    case "capitalize": PythonText.capitalized(text)
    default: PythonText.titled(text)
    }
  }
}
