import KeyedRandom
import StrictJSON
import Testing

@Suite struct JSONTextTests {
  @Test func textKeepsTheOrderOrSortsByBytes() {
    let value: JSON = ["b": [1, 2.5, nil], "a": ["é": true, "z": "x"], "B": [:], "c": []]
    #expect(value.text() == #"{"b":[1,2.5,null],"a":{"é":true,"z":"x"},"B":{},"c":[]}"#)
    #expect(
      value.text(sorted: true) == #"{"B":{},"a":{"z":"x","é":true},"b":[1,2.5,null],"c":[]}"#)
  }

  @Test func indentedTextKeepsFlatArraysOnOneLine() {
    let value: JSON = ["a": [1, 2], "b": [["c": 1], []], "d": [:]]
    #expect(
      value.text(indent: 2) == """
        {
          "a": [1, 2],
          "b": [
            {
              "c": 1
            },
            []
          ],
          "d": {}
        }
        """)
  }

  @Test func specialCharactersAndNumbersAreWrittenAsJSONAllows() {
    #expect(
      JSON.string("\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}é").text()
        == #""\"\\/\b\f\n\r\t\u0000\u001f"# + "\u{7f}é\"")
    #expect(JSON.real(.nan).text() == "null")
    #expect(JSON.real(-.infinity).text() == "null")
    #expect(JSON.real(1).text() == "1.0")
    #expect(JSON.real(-0.0).text() == "-0.0")
    #expect(JSON.integer(.min).text() == "-9223372036854775808")
  }

  @Test func everyDoubleReadsBackWithTheSameBits() throws {
    var generator = RandomKey(seed: 11).generator()
    for index in 0..<100_000 {
      // Half of them are decimal fractions of few digits, which take the scanner's short way.
      let number =
        index % 2 == 0
        ? Double(bitPattern: generator.next())
        : Double(generator.uniform(below: 1_000_000)) / 1000
      guard number.isFinite else { continue }
      let found = try JSON.parse(JSON.real(number).text())
      try #require(found.doubleValue?.bitPattern == number.bitPattern)
    }
  }

  @Test func shortDecimalsAreReadLikeTheStandardLibraryDoes() throws {
    var generator = RandomKey(seed: 12).generator()
    for _ in 0..<100_000 {
      let digits = generator.next() >> UInt64(generator.uniform(below: 64))
      let text = "\(digits).\(generator.uniform(below: 1000))e\(generator.uniform(below: 60) - 30)"
      try #require(try JSON.parse(text).doubleValue?.bitPattern == Double(text)?.bitPattern)
    }
  }

  /// Random bytes and mutations of a valid text: no crash, and what is accepted survives a round
  /// trip.
  @Test func fuzzedTextIsRefusedOrSurvivesARoundTrip() throws {
    let seed = Array(
      #"{"a":[1,-2.5e-3,true,null],"é\u00e9\ud83d\ude00":{"":"\n\\"},"b":[{},[]]}"#.utf8)
    let alphabet = Array(#"{}[]",:\u0019dDeE+-. tfn"#.utf8) + [0, 0x0A, 0x80, 0xC3, 0xFF]
    var generator = RandomKey(seed: 13).generator()
    var accepted = 0
    for _ in 0..<fuzzInputs {
      var bytes = seed
      for _ in 0...generator.uniform(below: 4) {
        let place = generator.uniform(below: bytes.count)
        let byte = alphabet[generator.uniform(below: alphabet.count)]
        switch generator.uniform(below: 4) {
        case 0: bytes[place] = byte
        case 1: bytes.insert(byte, at: place)
        case 2 where bytes.count > 1: bytes.remove(at: place)
        default: bytes.swapAt(place, generator.uniform(below: bytes.count))
        }
      }
      guard let value = try? JSON.parse(bytes) else { continue }
      accepted += 1
      try #require(try JSON.parse(value.text()) == value)
      try #require(try JSON.parse(value.text(sorted: true, indent: 1)) == value)
    }
    #expect(accepted > fuzzInputs / 100)
    #expect(accepted < fuzzInputs * 9 / 10)
  }
}
