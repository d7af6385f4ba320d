// Baselines: strict reading, tolerances, histories.
import Runs
import StrictJSON
import Testing

@Suite struct BaselineTests {
  static let text = """
    {"title": "t", "measurement": {"kind": "alignment", "rollouts": "r.jsonl", \
    "null_context": "bos"}, "quantities": {"a": {"value": 1, "tolerance": 0.5, "reason": "x"}, \
    "b": {"value": -2, "tolerance": 0, "reason": "exact", "history": []}}}
    """

  static func read(_ text: String) throws -> Baseline {
    var reader = try JSONReader(JSON.parse(text))
    let baseline = try Baseline(reading: &reader)
    try reader.finish()
    return baseline
  }

  @Test func whatIsWrittenReadsBackEqual() throws {
    let baseline = try Self.read(Self.text)
    #expect(baseline.quantities.map(\.name) == ["a", "b"])
    #expect(try Self.read(baseline.json.text()) == baseline)
  }

  @Test(arguments: [
    (#""rollouts": "r.jsonl", "#, ""), (#""tolerance": 0.5"#, #""tolerance": -1"#),
    (#""reason": "x""#, #""reason": "x", "colour": 1"#), ("alignment", "weather"),
    (#""value": 1"#, #""value": null"#),
  ]) func whatIsNoBaselineIsRefused(old: String, new: String) {
    let text = Self.text.replacing(old, with: new)
    #expect(text != Self.text)
    #expect(throws: JSONValueError.self) { try Self.read(text) }
  }

  @Test func distancesAreInTolerancesAndWhatIsMissingFails() throws {
    let baseline = try Self.read(Self.text)
    func failures(_ fresh: [(name: String, value: Double)]) -> [String] {
      BaselineComparison(baseline, fresh: fresh).failures.map(\.name)
    }
    #expect(failures([("a", 1.5), ("b", -2)]) == [])
    #expect(failures([("a", 1.75), ("b", -2)]) == ["a"])
    #expect(failures([("a", 2), ("b", -2.0000001)]) == ["b", "a"])
    #expect(failures([("a", 1)]) == ["b"])
    #expect(failures([("a", .nan), ("b", -2)]) == ["a"])
    #expect(failures([("a", 1), ("b", -2), ("c", 0)]) == ["c"])
    #expect(
      BaselineComparison(baseline, fresh: [("a", 1), ("b", -2), ("c", 0)], ignoringOthers: true)
        .failures.isEmpty)
  }

  @Test func updateKeepsToleranceAndReplacedValue() throws {
    var baseline = try Self.read(Self.text)
    baseline.update(
      to: [
        Baseline.Quantity(name: "a", value: 3, tolerance: 9, reason: "new"),
        Baseline.Quantity(name: "c", value: 4, tolerance: 1, reason: "new"),
      ], source: ["by": "test"])
    #expect(
      baseline.quantities == [
        Baseline.Quantity(
          name: "a", value: 3, tolerance: 0.5, reason: "x", history: [["value": 1.0, "by": "test"]]),
        Baseline.Quantity(name: "c", value: 4, tolerance: 1, reason: "new"),
      ])
  }
}
