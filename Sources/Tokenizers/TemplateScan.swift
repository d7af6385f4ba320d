// Normalizes the text of a chat template so that known templates are recognised.

/// The tags of a Jinja template without spaces, quotes and comments that people write differently:
/// strings in single quotes with their escapes resolved, neighbours joined, `message['role']` as
/// `message.role`. Nothing is evaluated.
struct TemplateScan {
  /// The tags in order.
  private(set) var text = ""
  /// The strings in order.
  private(set) var strings: [String] = []
  /// The names outside strings, including keywords and filters.
  private(set) var names: Set<String> = []

  /// Whether text outside the tags is written, including spaces that Jinja keeps.
  private(set) var hasLooseText = false

  init(_ template: String) {
    let scalars = Array(template.unicodeScalars)
    var index = 0
    var looseStart = 0
    var before: Unicode.Scalar?
    while index + 1 < scalars.count {
      let kind = scalars[index + 1]
      guard scalars[index] == "{", kind == "{" || kind == "%" || kind == "#" else {
        index += 1
        continue
      }
      checkLooseText(scalars, looseStart..<index, before: before, next: kind)
      index += 2
      if kind == "#" {
        while index + 1 < scalars.count, scalars[index] != "#" || scalars[index + 1] != "}" {
          index += 1
        }
        index = min(index + 2, scalars.count)
      } else {
        index = scanTag(scalars, from: index, closing: kind == "{" ? "}" : "%")
      }
      before = kind
      looseStart = index
    }
    checkLooseText(scalars, looseStart..<scalars.count, before: before, next: nil)
    // 'a'+'b' is 'ab'; quotes within strings were left out.
    text = Self.replacing("'+'", with: "", in: text)
    for name in ["role", "content"] {
      text = Self.replacing("['\(name)']", with: ".\(name)", in: text)
    }
  }

  /// Reads the text between two tags, `{` those that write, `%` and `#` those that do not, nil the
  /// ends. White space next to a minus sign is removed. With transformers' settings Jinja also
  /// removes the line break after tags that write nothing, the spaces before them, and the last
  /// line break.
  private mutating func checkLooseText(
    _ scalars: [Unicode.Scalar], _ range: Range<Int>, before: Unicode.Scalar?,
    next: Unicode.Scalar?
  ) {
    var loose = scalars[range]
    let isStripped = range.lowerBound > 2 && scalars[range.lowerBound - 3] == "-"
    if before != nil, isStripped { loose = loose.drop(while: \.properties.isWhitespace) }
    if before == "%" || before == "#", loose.first == "\n" { loose.removeFirst() }
    if next == nil {
      if loose.last == "\n" { loose.removeLast() }
    } else if range.upperBound + 2 < scalars.count, scalars[range.upperBound + 2] == "-" {
      while loose.last?.properties.isWhitespace == true { loose.removeLast() }
    } else if next != "{" {
      while loose.last == " " || loose.last == "\t" { loose.removeLast() }
    }
    if !loose.isEmpty { hasLooseText = true }
  }

  func contains(_ part: String) -> Bool {
    // String.contains of texts compares characters, in which marks could hide a match.
    Self.find(Array(part.utf8), in: Array(text.utf8), from: 0) != nil
  }

  /// Reads from after `{{` or `{%` to after the end of the tag.
  private mutating func scanTag(
    _ scalars: [Unicode.Scalar], from start: Int, closing: Unicode.Scalar
  ) -> Int {
    var index = start
    var name = ""
    while index < scalars.count {
      let scalar = scalars[index]
      if scalar.properties.isAlphabetic || scalar == "_" || ("0"..."9" ~= scalar && !name.isEmpty) {
        name.unicodeScalars.append(scalar)
        text.unicodeScalars.append(scalar)
        index += 1
        continue
      }
      if !name.isEmpty { names.insert(name) }
      name = ""
      if scalar == closing, index + 1 < scalars.count, scalars[index + 1] == "}" {
        text.append(";")
        return index + 2
      }
      if scalar == "'" || scalar == "\"" {
        index = scanString(scalars, from: index + 1, quote: scalar)
        continue
      }
      // A minus sign here only controls white space, except before an index such as [-1].
      if !scalar.properties.isWhitespace { text.unicodeScalars.append(scalar) }
      index += 1
    }
    return index
  }

  /// Reads from after a quote to after the next one.
  private mutating func scanString(
    _ scalars: [Unicode.Scalar], from start: Int, quote: Unicode.Scalar
  ) -> Int {
    var string = String.UnicodeScalarView()
    var index = start
    while index < scalars.count, scalars[index] != quote {
      if scalars[index] == "\\", index + 1 < scalars.count {
        index += 1
        switch scalars[index] {
        case "n": string.append("\n")
        case "t": string.append("\t")
        case "\\", "'", "\"": string.append(scalars[index])
        default: string.append(contentsOf: ["\\", scalars[index]])
        }
      } else {
        string.append(scalars[index])
      }
      index += 1
    }
    strings.append(String(string))
    text += "'"
    text.unicodeScalars.append(contentsOf: string.filter { $0 != "'" })
    text += "'"
    return index + 1
  }

  private static func find(_ part: [UInt8], in text: [UInt8], from start: Int) -> Int? {
    guard !part.isEmpty, text.count >= part.count else { return nil }
    return (start..<max(start, text.count - part.count + 1)).first {
      text[$0] == part[0] && text[$0..<$0 + part.count].elementsEqual(part)
    }
  }

  private static func replacing(_ part: String, with other: String, in text: String) -> String {
    let (part, text) = (Array(part.utf8), Array(text.utf8))
    var result: [UInt8] = []
    var index = 0
    while let place = find(part, in: text, from: index) {
      result += text[index..<place] + Array(other.utf8)
      index = place + part.count
    }
    return String(decoding: result + text[index...], as: UTF8.self)
  }
}
