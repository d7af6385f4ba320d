// The scanner: one pass over the bytes, recursive by nesting, bounded in depth.

/// The position in a text. The bytes are passed to every method, since a stored span would need
/// lifetime annotations, which are still experimental.
struct JSONScanner {
  private var position = 0
  private var remainingDepth: Int
  /// Whether a number becomes its text.
  private let keepsNumberTexts: Bool

  init(remainingDepth: Int, keepsNumberTexts: Bool = false) {
    self.remainingDepth = remainingDepth
    self.keepsNumberTexts = keepsNumberTexts
  }

  mutating func document(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
    skipSpace(bytes)
    let value = try value(bytes)
    skipSpace(bytes)
    guard position == bytes.count else {
      throw unexpected("the end of the text after the value", in: bytes)
    }
    return value
  }

  private mutating func value(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
    guard position < bytes.count else { throw unexpected("a value", in: bytes) }
    switch bytes[position] {
    case UInt8(ascii: "\""): return .string(try string(bytes))
    case UInt8(ascii: "{"): return .object(try object(bytes))
    case UInt8(ascii: "["): return .array(try array(bytes))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      let start = position
      let number = try number(bytes)
      return keepsNumberTexts ? .string(ascii(bytes, start..<position)) : number
    case UInt8(ascii: "t"): return try word("true", .bool(true), bytes)
    case UInt8(ascii: "f"): return try word("false", .bool(false), bytes)
    case UInt8(ascii: "n"): return try word("null", .null, bytes)
    default: throw unexpected("a value", in: bytes)
    }
  }

  /// What Python and others write for a number that is not finite, where it is at the present place.
  private func nonFiniteWord(_ bytes: Span<UInt8>) -> String? {
    ["NaN", "Infinity"].first { word in
      position + word.utf8.count <= bytes.count
        && word.utf8.enumerated().allSatisfy { bytes[position + $0.offset] == $0.element }
    }
  }

  // MARK: - Arrays and objects

  private mutating func array(_ bytes: Span<UInt8>) throws(JSONError) -> [JSON] {
    try descend(bytes)
    defer { remainingDepth += 1 }
    var elements: [JSON] = []
    skipSpace(bytes)
    if take(UInt8(ascii: "]"), bytes) { return elements }
    while true {
      skipSpace(bytes)
      elements.append(try value(bytes))
      skipSpace(bytes)
      if take(UInt8(ascii: ","), bytes) { continue }
      guard take(UInt8(ascii: "]"), bytes) else { throw unexpected("',' or ']'", in: bytes) }
      return elements
    }
  }

  private mutating func object(_ bytes: Span<UInt8>) throws(JSONError) -> JSONObject {
    try descend(bytes)
    defer { remainingDepth += 1 }
    var object = JSONObject()
    skipSpace(bytes)
    if take(UInt8(ascii: "}"), bytes) { return object }
    while true {
      skipSpace(bytes)
      let keyPosition = position
      guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
        throw unexpected("a key in double quotes", in: bytes)
      }
      let key = try string(bytes)
      skipSpace(bytes)
      guard take(UInt8(ascii: ":"), bytes) else { throw unexpected("':'", in: bytes) }
      skipSpace(bytes)
      guard object.append(key, try value(bytes)) else {
        throw JSONError(
          "the key \(JSON.string(key).summary) twice", at: keyPosition, in: bytes, duplicateKey: key
        )
      }
      skipSpace(bytes)
      if take(UInt8(ascii: ","), bytes) { continue }
      guard take(UInt8(ascii: "}"), bytes) else { throw unexpected("',' or '}'", in: bytes) }
      return object
    }
  }

  private mutating func descend(_ bytes: Span<UInt8>) throws(JSONError) {
    guard remainingDepth > 0 else {
      throw JSONError("nested too deeply", at: position, in: bytes)
    }
    remainingDepth -= 1
    position += 1
  }

  // MARK: - Strings

  private mutating func string(_ bytes: Span<UInt8>) throws(JSONError) -> String {
    position += 1
    let start = position
    var hasEscapes = false
    var index = start
    while true {
      guard index < bytes.count else {
        throw JSONError("a string without its closing quote", at: start - 1, in: bytes)
      }
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") { break }
      guard byte >= 0x20 else {
        throw JSONError("a control character in a string", at: index, in: bytes)
      }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        index += 1  // whatever is escaped, it does not end the string
      }
      index += 1
    }
    // Escapes are ASCII, so the text is valid UTF-8 exactly if its source is.
    let text: String
    do {
      text = String(copying: try UTF8Span(validating: bytes.extracting(start..<index)))
    } catch {
      throw JSONError("invalid UTF-8", at: start + error.byteOffsets.lowerBound, in: bytes)
    }
    position = index + 1
    return hasEscapes ? try unescaped(start..<index, bytes) : text
  }

  private func unescaped(_ range: Range<Int>, _ bytes: Span<UInt8>) throws(JSONError) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      let byte = bytes[index]
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        text.append(byte)
        continue
      }
      let escape = bytes[index]
      index += 1
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escape)
      case UInt8(ascii: "b"): text.append(0x08)
      case UInt8(ascii: "f"): text.append(0x0C)
      case UInt8(ascii: "n"): text.append(0x0A)
      case UInt8(ascii: "r"): text.append(0x0D)
      case UInt8(ascii: "t"): text.append(0x09)
      case UInt8(ascii: "u"):
        let scalar = try escapedScalar(&index, range.upperBound, bytes)
        text.append(contentsOf: String(scalar).utf8)
      default: throw JSONError("an unknown escape", at: index - 2, in: bytes)
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The scalar of `\uXXXX` or of a surrogate pair; `index` is after the `u` on entry and after the
  /// whole escape on return.
  private func escapedScalar(
    _ index: inout Int, _ end: Int, _ bytes: Span<UInt8>
  ) throws(JSONError) -> Unicode.Scalar {
    let start = index - 2
    let first = try fourHexDigits(&index, end, bytes)
    if let scalar = Unicode.Scalar(first) { return scalar }
    if first < 0xDC00, index + 2 <= end, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    {
      index += 2
      let second = try fourHexDigits(&index, end, bytes)
      if 0xDC00...0xDFFF ~= second {
        let joined = 0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)
        if let scalar = Unicode.Scalar(joined) { return scalar }
      }
    }
    throw JSONError("half of a surrogate pair", at: start, in: bytes)
  }

  private func fourHexDigits(
    _ index: inout Int, _ end: Int, _ bytes: Span<UInt8>
  ) throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard index < end, let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue,
        bytes[index] < 0x80
      else {
        throw JSONError("an escape \\u without four hexadecimal digits", at: index, in: bytes)
      }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    return value
  }

  // MARK: - Numbers

  private mutating func number(_ bytes: Span<UInt8>) throws(JSONError) -> JSON {
    let start = position
    let isNegative = take(UInt8(ascii: "-"), bytes)
    let firstDigit = position
    var mantissa: UInt64 = 0
    var isExact = true  // the mantissa holds all digits
    var scale = 0  // the number is mantissa · 10^scale
    guard digits(bytes, &mantissa, &isExact) > 0 else { throw unexpected("a digit", in: bytes) }
    if bytes[firstDigit] == UInt8(ascii: "0"), position > firstDigit + 1 {
      throw JSONError("a number with a leading zero", at: start, in: bytes)
    }
    var isInteger = true
    if take(UInt8(ascii: "."), bytes) {
      isInteger = false
      let count = digits(bytes, &mantissa, &isExact)
      guard count > 0 else { throw unexpected("a digit", in: bytes) }
      scale = -count
    }
    if take(UInt8(ascii: "e"), bytes) || take(UInt8(ascii: "E"), bytes) {
      isInteger = false
      let isExponentNegative = take(UInt8(ascii: "-"), bytes)
      if !isExponentNegative { _ = take(UInt8(ascii: "+"), bytes) }
      var exponent: UInt64 = 0
      var isExponentExact = true
      guard digits(bytes, &exponent, &isExponentExact) > 0 else {
        throw unexpected("a digit", in: bytes)
      }
      if isExponentExact, exponent < 1000 {
        scale += isExponentNegative ? -Int(exponent) : Int(exponent)
      } else {
        isExact = false
      }
    }
    if isInteger, isExact {
      if !isNegative, let value = Int(exactly: mantissa) { return .integer(value) }
      // -0 stays a real: no integer keeps its sign.
      if isNegative, 1...UInt64(Int.max) + 1 ~= mantissa {
        return .integer(Int(truncatingIfNeeded: 0 &- mantissa))
      }
    }
    if isExact, mantissa <= 1 << 53, -22...22 ~= scale {
      // Both factors are exact, so the one rounding is right (Clinger, PLDI 1990).
      let power = Self.powersOfTen[abs(scale)]
      let value = scale < 0 ? Double(mantissa) / power : Double(mantissa) * power
      return .real(isNegative ? -value : value)
    }
    guard let value = Double(ascii(bytes, start..<position)), value.isFinite else {
      throw JSONError("a number beyond the range of a double", at: start, in: bytes)
    }
    return .real(value)
  }

  private func ascii(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    var text = ""
    for index in range { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
    return text
  }

  /// Skips digits and appends them to the value while it can hold them; returns how many there are.
  private mutating func digits(
    _ bytes: Span<UInt8>, _ value: inout UInt64, _ isExact: inout Bool
  ) -> Int {
    let start = position
    while position < bytes.count {
      let digit = bytes[position] &- UInt8(ascii: "0")
      guard digit < 10 else { break }
      let (tens, tensOverflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = tens.addingReportingOverflow(UInt64(digit))
      if tensOverflow || sumOverflow { isExact = false }
      if isExact { value = sum }
      position += 1
    }
    return position - start
  }

  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  // MARK: - Single bytes

  private mutating func word(
    _ word: StaticString, _ value: JSON, _ bytes: Span<UInt8>
  ) throws(JSONError) -> JSON {
    let start = position
    for byte in word.description.utf8 {
      guard take(byte, bytes) else {
        position = start
        throw unexpected("a value", in: bytes)
      }
    }
    return value
  }

  private mutating func skipSpace(_ bytes: Span<UInt8>) {
    while position < bytes.count {
      let byte = bytes[position]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return }
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
    guard position < bytes.count, bytes[position] == byte else { return false }
    position += 1
    return true
  }

  /// The error at the present place, with what stands there.
  private func unexpected(_ expected: String, in bytes: Span<UInt8>) -> JSONError {
    let found: String
    if let word = nonFiniteWord(bytes) {
      found = word
    } else if position >= bytes.count {
      found = "the end of the text"
    } else if 0x21...0x7E ~= bytes[position] {
      found = "'\(Unicode.Scalar(bytes[position]))'"
    } else {
      let hex = String(bytes[position], radix: 16)
      found = "the byte 0x" + (hex.count < 2 ? "0" : "") + hex
    }
    return JSONError("\(found) in place of \(expected)", at: position, in: bytes)
  }
}
