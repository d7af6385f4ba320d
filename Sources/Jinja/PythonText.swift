// Text as Python writes it: str, repr, json.dumps, and the methods of strings.

enum PythonText {
  // MARK: - Numbers

  /// `repr` of a float: the shortest digits, with an exponent below 1e-4 and from 1e16.
  static func text(of value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let text = value.description
    // Swift changes to exponents only from 2^54.
    guard abs(value) >= 1e16, !text.contains("e") else { return text }
    let sign = value < 0 ? "-" : ""
    let digits = text.drop { $0 == "-" }.prefix { $0 != "." }
    let mantissa = digits.reversed().drop { $0 == "0" }.reversed()
    let fraction = String(mantissa.dropFirst())
    return sign + String(digits.prefix(1)) + (fraction.isEmpty ? "" : "." + fraction)
      + "e+\(digits.count - 1)"
  }

  // MARK: - str and repr

  /// Python's `str`.
  static func text(of value: Value) throws(JinjaError) -> String {
    switch value {
    case .undefined: ""
    case .string(let text), .markup(let text): text
    default: try representation(of: value)
    }
  }

  /// Python's `repr`.
  ///
  /// - Throws: for functions and other objects, which Python writes with their addresses.
  static func representation(of value: Value) throws(JinjaError) -> String {
    switch value {
    case .undefined: return "Undefined"
    case .none: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .integer(let value): return String(value)
    case .real(let value): return text(of: value)
    case .string(let text): return quoted(text)
    case .markup(let text): return "Markup(" + quoted(text) + ")"
    case .list(let elements): return "[" + (try list(elements)) + "]"
    case .tuple(let elements):
      return "(" + (try list(elements)) + (elements.count == 1 ? ",)" : ")")
    case .dictionary(let dictionary):
      var members: [String] = []
      for (key, value) in dictionary.items {
        members.append(quoted(key) + ": " + (try representation(of: value)))
      }
      return "{" + members.joined(separator: ", ") + "}"
    case .object(let object):
      throw JinjaError(.unsupported, "\(object.typeName) written as text")
    }
  }

  private static func list(_ elements: [Value]) throws(JinjaError) -> String {
    var parts: [String] = []
    for element in elements { parts.append(try representation(of: element)) }
    return parts.joined(separator: ", ")
  }

  private static func quoted(_ text: String) -> String {
    let quote: Unicode.Scalar =
      text.unicodeScalars.contains("'") && !text.unicodeScalars.contains("\"") ? "\"" : "'"
    var result = String.UnicodeScalarView([quote])
    for scalar in text.unicodeScalars {
      switch scalar {
      case quote, "\\": result.append(contentsOf: ["\\", scalar])
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case _ where isPrintable(scalar): result.append(scalar)
      default:
        let (letter, width) =
          scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        result.append(contentsOf: ("\\" + letter + hexadecimal(scalar.value, width)).unicodeScalars)
      }
    }
    result.append(quote)
    return String(result)
  }

  /// `str.isprintable`.
  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator:
      false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }

  static func hexadecimal(_ value: UInt32, _ width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  // MARK: - Searching and splitting

  /// The place of the first occurrence, in bytes.
  static func find(_ part: String, in text: String, from start: Int = 0) -> Int? {
    find(Array(part.utf8), in: Array(text.utf8), from: start)
  }

  static func find(_ part: [UInt8], in text: [UInt8], from start: Int) -> Int? {
    guard start + part.count <= text.count else { return nil }
    guard let first = part.first else { return start }
    var place = start
    while place + part.count <= text.count {
      guard let next = text[place...(text.count - part.count)].firstIndex(of: first) else {
        return nil
      }
      if text[next..<next + part.count].elementsEqual(part) { return next }
      place = next + 1
    }
    return nil
  }

  /// `text.split(separator, limit)`, or from the right.
  static func split(
    _ text: String, by separator: String, limit: Int?, fromRight: Bool = false
  ) -> [String] {
    let (bytes, part) = (Array(text.utf8), Array(separator.utf8))
    var places: [Int] = []
    if fromRight {
      var end = bytes.count
      while places.count < limit ?? .max, end >= part.count {
        guard
          let place = (0...end - part.count).last(where: {
            bytes[$0..<$0 + part.count].elementsEqual(part)
          })
        else { break }
        places.insert(place, at: 0)
        end = place
      }
    } else {
      var start = 0
      while places.count < limit ?? .max, let place = find(part, in: bytes, from: start) {
        places.append(place)
        start = place + part.count
      }
    }
    var pieces: [String] = []
    var start = 0
    for place in places {
      pieces.append(String(decoding: bytes[start..<place], as: UTF8.self))
      start = place + part.count
    }
    return pieces + [String(decoding: bytes[start...], as: UTF8.self)]
  }

  /// `text.split()`: the words between white space; a limit leaves the rest as it is.
  static func words(_ text: String, limit: Int?) -> [String] {
    var words: [String] = []
    var rest = text.unicodeScalars[...].drop(while: \.isPythonSpace)
    while !rest.isEmpty {
      if words.count == limit {
        words.append(stripped(String(rest), left: false, right: true))
        break
      }
      let word = rest.prefix { !$0.isPythonSpace }
      words.append(String(word))
      rest = rest[word.endIndex...].drop(while: \.isPythonSpace)
    }
    return words
  }

  /// `text.splitlines()`.
  static func lines(_ text: String, keepingEnds: Bool = false) -> [String] {
    let breaks: Set<Unicode.Scalar> = [
      "\n", "\r", "\u{B}", "\u{C}", "\u{1C}", "\u{1D}", "\u{1E}", "\u{85}", "\u{2028}", "\u{2029}",
    ]
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    var scalars = text.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      guard breaks.contains(scalar) else {
        line.append(scalar)
        continue
      }
      if keepingEnds { line.append(scalar) }
      if scalar == "\r", scalars.first == "\n" {
        scalars.removeFirst()
        if keepingEnds { line.append("\n") }
      }
      lines.append(String(line))
      line = String.UnicodeScalarView()
    }
    if !line.isEmpty { lines.append(String(line)) }
    return lines
  }

  // MARK: - Changing

  /// `text.strip(characters)`, or only one side of it.
  static func stripped(
    _ text: String, _ characters: String? = nil, left: Bool = true, right: Bool = true
  ) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    func isStripped(_ scalar: Unicode.Scalar) -> Bool {
      set?.contains(scalar) ?? scalar.isPythonSpace
    }
    var scalars = text.unicodeScalars[...]
    if left { scalars = scalars.drop(while: isStripped) }
    if right { while let last = scalars.last, isStripped(last) { scalars.removeLast() } }
    return String(scalars)
  }

  /// `text.replace(part, other, count)`.
  static func replacing(
    _ part: String, with other: String, in text: String, limit: Int? = nil
  ) -> String {
    guard part.isEmpty else {
      return split(text, by: part, limit: limit).joined(separator: other)
    }
    var result = ""
    var rest = limit ?? .max
    for scalar in text.unicodeScalars {
      if rest > 0 { result += other }
      rest -= 1
      result.unicodeScalars.append(scalar)
    }
    return rest > 0 ? result + other : result
  }

  /// `text.lower()`
  static func lowered(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    return scalars.indices.map { lowered(scalars, at: $0) }.joined()
  }

  /// A scalar in lower case. A capital sigma is final behind a letter if no letter follows; what is
  /// written on letters or between them, such as an apostrophe, does not matter.
  private static func lowered(_ scalars: [Unicode.Scalar], at index: Int) -> String {
    guard scalars[index] == "\u{3A3}" else { return scalars[index].properties.lowercaseMapping }
    func isLetter(_ scalars: some Sequence<Unicode.Scalar>) -> Bool {
      scalars.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
    }
    let isFinal = isLetter(scalars[..<index].reversed()) && !isLetter(scalars[(index + 1)...])
    return isFinal ? "\u{3C2}" : "\u{3C3}"
  }

  /// `text.capitalize()`
  static func capitalized(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    guard let first = scalars.first else { return text }
    return first.properties.titlecaseMapping
      + scalars.indices.dropFirst().map { lowered(scalars, at: $0) }.joined()
  }

  /// `text.title()`: every run of letters begins with a capital.
  static func titled(_ text: String) -> String {
    let scalars = Array(text.unicodeScalars)
    var result = ""
    var isInWord = false
    for (index, scalar) in scalars.enumerated() {
      result += isInWord ? lowered(scalars, at: index) : scalar.properties.titlecaseMapping
      isInWord = scalar.properties.isCased
    }
    return result
  }

  /// jinja2's filter `title`: words begin after spaces, hyphens and opening brackets only, and what
  /// follows their first letter is lowered on its own.
  static func titledWords(_ text: String) -> String {
    func isBoundary(_ scalar: Unicode.Scalar) -> Bool {
      scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar)
    }
    var result = ""
    var rest = Array(text.unicodeScalars)[...]
    while let first = rest.popFirst() {
      result += first.properties.uppercaseMapping
      if isBoundary(first) { continue }
      let word = Array(rest.prefix { !isBoundary($0) })
      result += word.indices.map { lowered(word, at: $0) }.joined()
      rest = rest.dropFirst(word.count)
    }
    return result
  }

  /// markupsafe's `escape`.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "'": result += "&#39;"
      case "\"": result += "&#34;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
