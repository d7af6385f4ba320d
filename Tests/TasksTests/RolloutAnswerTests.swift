// The reference answers of rollout files.
import Foundation
import StrictJSON
import Tasks
import TestSupport
import Testing

@Suite struct RolloutAnswerTests: RolloutReading {
  @Test func groundTruthsAreNumbersStringsOrListsOfOne() throws {
    let values = [
      ("7", "7"), ("2.50", "2.5"), ("56.0", "56.0"), (#""x""#, "x"), ("[8]", "8"), (#"["y"]"#, "y"),
    ]
    for (value, answer) in values {
      let rollouts = try read(#"{"input": "q", "output": "r", "gts": \#(value)}"#)
      #expect(rollouts[0].answer == answer, "\(value)")
    }
    // Beside a reward nothing needs an answer.
    #expect(
      try read(#"{"input": "q", "output": "r", "score": 1, "gts": {"a": 1}}"#)[0].answer == nil)
    #expect(
      refusal(#"{"input": "q", "output": "r", "gts": ["1", "2"]}"#)
        == "1: gts is an array of 2 (expected one answer: a string or a number)")
    #expect(
      refusal(#"{"input": "q", "output": "r", "gts": {"a": 1}}"#)
        == "1: gts is an object (expected one answer: a string or a number)")
  }

  @Test func groundTruthsThatAreListsInTextAreLists() throws {
    let values = [
      (#""[\"42\"]""#, "42"), (#""['4 2']""#, "4 2"), ("[3]", "3"), (#""[3]""#, "[3]"),
      (#""[a, b]""#, "[a, b]"), (#""{\"a\": 1}""#, #"{"a": 1}"#), (#"["x"]"#, "x"),
    ]
    for (value, answer) in values {
      for key in ["gts", "answer"] {
        let rollouts = try read(#"{"prompt": "q", "output": "r", "\#(key)": \#(value)}"#)
        #expect(rollouts[0].answer == answer, "\(key) \(value)")
      }
    }
    for value in [#""""#, #"" ""#] {
      for key in ["gts", "answer"] {
        #expect(try read(#"{"prompt": "q", "output": "r", "\#(key)": \#(value)}"#)[0].answer == nil)
      }
    }
    for value in [
      #""[\"1\", \"2\"]""#, #""['1', '2']""#, #""[]""#, "[]", "true", #"[""]"#, #""['']""#,
    ] {
      #expect(
        refusal(#"{"prompt": "q", "output": "r", "gts": \#(value)}"#)
          .hasSuffix("(expected one answer: a string or a number)"), "\(value)")
      #expect(
        try read(#"{"prompt": "q", "output": "r", "score": 1, "gts": \#(value)}"#)[0].answer == nil)
      #expect(
        refusal(#"{"prompt": "q", "output": "r", "answer": \#(value)}"#).contains("(expected "),
        "\(value)")
    }
  }

  @Test func answersKeepTheDigitsOfTheirNumbers() throws {
    let values = [
      ("12345678901234567890123", "12345678901234567890123"),
      ("-98765432109876543210", "-98765432109876543210"),
      ("0.1234567890123456789012", "0.1234567890123456789012"), ("1.50", "1.5"), ("-0", "0"),
      ("0.10", "0.1"), ("1e2", "100.0"), ("1E+2", "100.0"),
      ("100000000000000000000", "1e+20"), ("1E-400", "1E-400"),
      ("9223372036854775807", "9223372036854775807"),
    ]
    for (value, answer) in values {
      for value in [value, "[\(value)]"] {
        let line = #"{"prompt": "q", "output": "r", "gts": \#(value)}"#
        #expect(try read(line)[0].answer == answer, "\(value)")
      }
    }
  }
}
