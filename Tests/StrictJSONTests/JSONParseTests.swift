import StrictJSON
import Testing

@Suite struct JSONParseTests {
  @Test func readsEveryKindOfValue() throws {
    let value = try JSON.parse(
      #" {"a": [1, -2, 3.5, 1e3, true, false, null], "b": {"c": "text"}, "": []} "# + "\n\t\r")
    #expect(
      value == [
        "a": [1, -2, 3.5, 1000.0, true, false, nil], "b": ["c": "text"], "": [],
      ])
    #expect(value.objectValue?.keys == ["a", "b", ""])
    #expect(try JSON.parse("7") == 7)
    #expect(try JSON.parse("{}") == [:])
  }

  @Test(arguments: [
    (#""\u0041\u00e9\u20AC\ud83d\ude00""#, "Aé€😀"),
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
    (#""\u0000""#, "\0"), (#""é€😀""#, "é€😀"), (#""\\u0041""#, "\\u0041"),
    ("\"\u{7f}\u{2028}\"", "\u{7f}\u{2028}"),
  ])
  func readsStringsByteForByte(text: String, expected: String) throws {
    let found = try #require(try JSON.parse(text).stringValue)
    #expect(Array(found.utf8) == Array(expected.utf8))
  }

  @Test(arguments: [
    ("0", JSON.integer(0)), ("-0", .real(-0.0)), ("9223372036854775807", .integer(.max)),
    ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .real(0x1p63)),
    ("-9223372036854775809", .real(-0x1p63)), ("100000000000000000000", .real(1e20)),
    ("0.1", .real(0.1)), ("-0.0", .real(-0.0)), ("1E+2", .real(100)), ("1e-2", .real(0.01)),
    ("1.7976931348623157e308", .real(.greatestFiniteMagnitude)),
    ("5e-324", .real(.leastNonzeroMagnitude)),
    ("1e-400", .real(0)), ("0e99999999999999999999", .real(0)),
    ("9007199254740993.0", .real(0x1p53)),
    ("0.30000000000000004", .real(0.1 + 0.2)),
    ("123456789012345678901234567890e-10", .real(123456789012345678901234567890e-10)),
    ("2.2250738585072011e-308", .real(Double(bitPattern: 0x000F_FFFF_FFFF_FFFF))),
    ("1e22", .real(1e22)),
    ("1e23", .real(1e23)),
  ])
  func readsNumbersWithOneRounding(text: String, expected: JSON) throws {
    let found = try JSON.parse(text)
    #expect(found == expected)
    #expect(found.doubleValue?.bitPattern == expected.doubleValue?.bitPattern)
  }

  /// Each text with the message, line and column of its error.
  @Test(arguments: [
    ("", "the end of the text in place of a value", 1, 1),
    ("  \n ", "the end of the text in place of a value", 2, 2),
    ("[1,\n é]", "the byte 0xc3 in place of a value", 2, 2),
    ("{\"é\": nul}", "'n' in place of a value", 1, 7),
    ("[1,]", "']' in place of a value", 1, 4), ("[1 2]", "'2' in place of ',' or ']'", 1, 4),
    ("[1", "the end of the text in place of ',' or ']'", 1, 3),
    ("{\"a\":1,}", "'}' in place of a key in double quotes", 1, 8),
    ("{a:1}", "'a' in place of a key in double quotes", 1, 2),
    ("{\"a\" 1}", "'1' in place of ':'", 1, 6),
    ("{\"a\":1 \"b\":2}", "'\"' in place of ',' or '}'", 1, 8),
    ("{} x", "'x' in place of the end of the text after the value", 1, 4),
    ("1 2", "'2' in place of the end of the text after the value", 1, 3),
    ("{\"a\":1,\"b\":2,\"a\":3}", "the key \"a\" twice", 1, 14),
    ("{\"a\":1,\"\\u0061\":2}", "the key \"a\" twice", 1, 8),
    ("01", "a number with a leading zero", 1, 1), ("-01", "a number with a leading zero", 1, 1),
    ("-", "the end of the text in place of a digit", 1, 2),
    ("+1", "'+' in place of a value", 1, 1), (".5", "'.' in place of a value", 1, 1),
    ("1.", "the end of the text in place of a digit", 1, 3),
    ("1.e3", "'e' in place of a digit", 1, 3),
    ("1e", "the end of the text in place of a digit", 1, 3),
    ("1e+", "the end of the text in place of a digit", 1, 4),
    ("0x10", "'x' in place of the end of the text after the value", 1, 2),
    ("1e400", "a number beyond the range of a double", 1, 1),
    ("-1e99999999999999999999", "a number beyond the range of a double", 1, 1),
    ("NaN", "NaN in place of a value", 1, 1),
    ("Infinity", "Infinity in place of a value", 1, 1),
    ("-Infinity", "Infinity in place of a digit", 1, 2),
    ("\"a", "a string without its closing quote", 1, 1),
    ("\"a\\\"", "a string without its closing quote", 1, 1),
    ("\"a\\", "a string without its closing quote", 1, 1),
    ("\"a\nb\"", "a control character in a string", 1, 3),
    ("\"\u{1f}\"", "a control character in a string", 1, 2), ("\"\\x\"", "an unknown escape", 1, 2),
    ("\"\\u12g4\"", "an escape \\u without four hexadecimal digits", 1, 6),
    ("\"\\u12\"", "an escape \\u without four hexadecimal digits", 1, 6),
    ("\"\\ud800\"", "half of a surrogate pair", 1, 2),
    ("\"\\udc00\"", "half of a surrogate pair", 1, 2),
    ("\"a\\ud800\\u0041\"", "half of a surrogate pair", 1, 3),
    ("\"\\ud800\\ud800\"", "half of a surrogate pair", 1, 2),
    ("'a'", "''' in place of a value", 1, 1), ("// a\n1", "'/' in place of a value", 1, 1),
    ("\u{feff}{}", "the byte 0xef in place of a value", 1, 1),
    ("[1]\0", "the byte 0x00 in place of the end of the text after the value", 1, 4),
  ])
  func refusesWhatIsNotJSONAndSaysWhere(
    text: String, message: String, line: Int, column: Int
  ) throws {
    let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
    #expect(error?.message == message)
    #expect(error?.line == line)
    #expect(error?.column == column)
    #expect(error?.description == "\(message) at line \(line), column \(column)")
  }

  /// Truncated, overlong, surrogate, beyond U+10FFFF and stray bytes, each behind `"ab`.
  @Test(
    arguments: [
      [0xFF], [0x80], [0xC3], [0xC0, 0xAF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
      [0xF4, 0x90, 0x80, 0x80], [0xF0, 0x9F, 0x98],
    ] as [[UInt8]])
  func refusesInvalidUTF8AndSaysWhere(bad: [UInt8]) {
    for tail in [[], Array(#"\n"#.utf8)] {
      let error = #expect(throws: JSONError.self) {
        try JSON.parse(Array("\"ab".utf8) + bad + tail + [0x22])
      }
      #expect(error?.message == "invalid UTF-8")
      #expect(error?.offset == 3)
    }
  }

  @Test func keysAreComparedByBytes() throws {
    let value = try JSON.parse("{\"\u{e9}\": 1, \"e\u{301}\": 2}")
    #expect(value.objectValue?["\u{e9}"] == 1)
    #expect(value.objectValue?["e\u{301}"] == 2)
    #expect(JSON.string("\u{e9}") != JSON.string("e\u{301}"))
    let error = #expect(throws: JSONError.self) { try JSON.parse(#"{"a": 1, "\u0061": 2}"#) }
    #expect(error?.duplicateKey == "a")
  }

  @Test func nestingIsLimited() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(throws: Never.self) { try JSON.parse(nested(64)) }
    let error = #expect(throws: JSONError.self) { try JSON.parse(nested(65)) }
    #expect(error?.description == "nested too deeply at line 1, column 65")
    #expect(throws: Never.self) { try JSON.parse(nested(256), maximumDepth: 256) }
    #expect(throws: JSONError.self) {
      try JSON.parse(String(repeating: "{\"a\":", count: 1_000_000))
    }
    // Siblings do not add up.
    #expect(throws: Never.self) { try JSON.parse("[[],{},[],{}]", maximumDepth: 2) }
  }

  @Test func slicesAreReadInPlace() throws {
    let bytes = Array("[1]\n{\"a\": }\n".utf8)
    #expect(try JSON.parse(bytes[0..<3]) == [1])
    let error = #expect(throws: JSONError.self) { try JSON.parse(bytes[4..<11]) }
    #expect(error?.offset == 6)
    #expect(error?.line == 1)
  }

  @Test func aVocabularyIsReadAndSearchedInLinearTime() throws {
    let count = 150_000
    var text = "{"
    for id in 0..<count { text += (id == 0 ? "" : ",") + "\"token \(id)\": \(id)" }
    let clock = ContinuousClock()
    var vocabulary: JSONObject?
    let duration = try clock.measure {
      vocabulary = try JSON.parse(text + "}").objectValue
      for id in 0..<count { try #require(vocabulary?["token \(id)"] == .integer(id)) }
    }
    #expect(vocabulary?.count == count)
    #expect(vocabulary?["token 150000"] == nil)
    // A quadratic search takes minutes.
    #expect(duration < .seconds(10))
    #expect(throws: JSONError.self) { try JSON.parse(text + ",\"token 77777\": 0}") }
  }

  @Test func textsOfNumbersAreKept() throws {
    let bytes = Array(
      #" {"a": [-0, 1.50, 1e400000], "b": "2", "c": {"d": 12345678901234567890}, "e": true}"#.utf8)
    #expect(throws: JSONError.self) { try JSON.numberTexts(in: bytes[...]) }
    let finite = Array(
      #"x{"a": [-0, 1.50], "b": "2", "c": {"d": 12345678901234567890}, "e": null}"#.utf8)
    #expect(
      try JSON.numberTexts(in: finite.dropFirst()) == [
        "a": ["-0", "1.50"], "b": "2", "c": ["d": "12345678901234567890"], "e": nil,
      ])
  }
}
