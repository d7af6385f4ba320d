import StrictJSON
import Testing

@Suite struct JSONReaderTests {
  private enum Rule: String, CaseIterable {
    case grpo
    case drift = "drift-rl"
  }

  @Test func readsEveryKindOfMember() throws {
    var reader = try JSONReader([
      "steps": 10, "rate": 1, "name": "grpo", "clip": true, "layers": [1, 2], "betas": [0.9, 1],
      "tags": ["a"], "model": ["size": 8], "stages": [["n": 1], ["n": 2]], "nothing": nil,
      "free": [1],
    ])
    #expect(try reader.int("steps", in: 1...10) == 10)
    #expect(try reader.double("rate", in: .leastNonzeroMagnitude...1) == 1)
    #expect(try reader.string("name", oneOf: ["grpo", "prerl"]) == "grpo")
    #expect(try reader.choice("name") == Rule.grpo)
    #expect(try reader.bool("clip"))
    #expect(try reader.ints("layers", in: 0...2) == [1, 2])
    #expect(try reader.doubles("betas", in: 0...1) == [0.9, 1])
    #expect(try reader.strings("tags") == ["a"])
    var model = try reader.object("model")
    #expect(try model.optionalInt("size") == 8)
    try model.finish()
    for (index, stage) in try reader.objects("stages").enumerated() {
      var stage = stage
      #expect(try stage.int("n") == index + 1)
      #expect(stage.path == "stages[\(index)]")
    }
    #expect(try reader.optionalInt("nothing") == nil)
    #expect(try reader.optionalDouble("absent") == nil)
    #expect(try reader.optionalString("absent") == nil)
    #expect(try reader.optionalBool("absent") == nil)
    let absent: Rule? = try reader.optionalChoice("absent")
    #expect(absent == nil)
    #expect(try reader.optionalObject("absent") == nil)
    #expect(reader.contains("nothing"))
    #expect(!reader.contains("absent"))
    #expect(reader.value("free") == [1])
    try reader.finish()
  }

  /// Each wrong value with the one line that a user sees.
  @Test func errorsNameThePathTheValueAndWhatIsAllowed() throws {
    let cases: [((inout JSONReader) throws -> Void, String)] = [
      ({ _ = try $0.int("absent", in: 1...9) }, "m.absent: missing (expected an integer in 1...9)"),
      ({ _ = try $0.int("real") }, "m.real: 1.0 (expected an integer)"),
      ({ _ = try $0.int("int", in: 4 ... .max) }, "m.int: 3 (expected an integer of at least 4)"),
      ({ _ = try $0.int("int", in: .min...2) }, "m.int: 3 (expected an integer of at most 2)"),
      ({ _ = try $0.optionalInt("int", in: 4...9) }, "m.int: 3 (expected an integer in 4...9)"),
      ({ _ = try $0.int("null") }, "m.null: null (expected an integer)"),
      ({ _ = try $0.double("text") }, #"m.text: "x" (expected a number)"#),
      (
        { _ = try $0.double("zero", in: .leastNonzeroMagnitude ... .infinity) },
        "m.zero: 0 (expected a number above 0)"
      ),
      (
        { _ = try $0.double("zero", in: .leastNonzeroMagnitude...1) },
        "m.zero: 0 (expected a number above 0 and at most 1.0)"
      ),
      ({ _ = try $0.double("int", in: 0...1) }, "m.int: 3 (expected a number in 0.0...1.0)"),
      (
        { _ = try $0.double("int", in: 5 ... .infinity) },
        "m.int: 3 (expected a number of at least 5.0)"
      ),
      (
        { _ = try $0.double("int", in: -.infinity...1) },
        "m.int: 3 (expected a number of at most 1.0)"
      ),
      ({ _ = try $0.string("int") }, "m.int: 3 (expected a string)"),
      (
        { _ = try $0.string("text", oneOf: ["a", "b"]) },
        #"m.text: "x" (expected one of: "a", "b")"#
      ),
      (
        { let _: Rule = try $0.choice("text") },
        #"m.text: "x" (expected one of: "grpo", "drift-rl")"#
      ),
      (
        { let _: Rule? = try $0.optionalChoice("int") },
        #"m.int: 3 (expected one of: "grpo", "drift-rl")"#
      ),
      ({ _ = try $0.bool("int") }, "m.int: 3 (expected true or false)"),
      ({ _ = try $0.object("int") }, "m.int: 3 (expected an object)"),
      ({ _ = try $0.object("array") }, "m.array: an array of 2 (expected an object)"),
      ({ _ = try $0.objects("array") }, "m.array[0]: 1 (expected an object)"),
      ({ _ = try $0.ints("array") }, #"m.array[1]: "y" (expected an integer)"#),
      ({ _ = try $0.ints("int") }, "m.int: 3 (expected an array)"),
      (
        { _ = try ($0.bool("yes"), $0.finish()) },
        "m.int: unknown key (expected one of: yes)"
      ),
    ]
    for (read, message) in cases {
      var reader = try JSONReader(
        [
          "int": 3, "real": 1.0, "null": nil, "text": "x", "zero": 0, "array": [1, "y"],
          "yes": true,
        ], path: "m")
      let error = #expect(throws: JSONValueError.self) { try read(&reader) }
      #expect(error?.description == message)
    }
  }

  @Test func aConfigurationMustBeAnObject() {
    let error = #expect(throws: JSONValueError.self) { try JSONReader([1]) }
    #expect(error?.description == "an array of 1 (expected an object)")
  }

  @Test func pathsStayOnOneLine() throws {
    let error = #expect(throws: JSONValueError.self) {
      try JSONReader(["a\nb": 1], path: "m").finish()
    }
    #expect(error?.path == "m.a\\nb")
  }

  @Test func longTextIsCutInMessages() {
    let value = JSON.string(String(repeating: "a", count: 1000))
    #expect(value.summary == "\"" + String(repeating: "a", count: 40) + "…\"")
  }
}
