import Analysis
import StrictJSON
import Testing

@Suite struct ThoughtLexiconTests {
  private func decode(_ text: String) throws -> ThoughtLexicon {
    var reader = try JSONReader(JSON.parse(text))
    let lexicon = try ThoughtLexicon(reading: &reader)
    try reader.finish()
    return lexicon
  }

  private let valid = """
    {"format": "prerl.lexicon", "format_version": 1, "name": "mine", "version": "2",
     "scope": "response", "split_at": "blank-line", "count_first": true, "default_kind": "step",
     "kinds": [{"name": "check", "starts_with": ["Wait"], "contains": ["'s correct", "é"]},
               {"name": "subgoal", "contains": ["next, i"]}]}
    """

  @Test func whatIsWrittenIsReadBack() throws {
    let lexicon = try decode(valid)
    #expect(lexicon.kindNames == ["check", "subgoal", "step"])
    #expect(lexicon.countsFirst)
    #expect(try decode(lexicon.json.text()) == lexicon)
    let words = try decode(
      valid.replacing(#""split_at": "blank-line""#, with: #""split_before": ["First", "Wait"]"#))
    #expect(words.boundary == .words(["First", "Wait"]))
    #expect(try decode(words.json.text()) == words)
  }

  @Test(arguments: [
    (#""format": "prerl.lexicon""#, #""format": "other""#, "format: "),
    (#""format_version": 1"#, #""format_version": 2"#, "format_version: 2"),
    (#""version": "2""#, #""version": "2", "colour": 1"#, "colour: unknown key"),
    (#""name": "mine""#, #""name": "my/lexicon""#, "name: "),
    (#""name": "mine""#, #""name": """#, "name: "),
    (#""scope": "response""#, #""scope": "all""#, "scope: "),
    (#""scope": "response","#, "", "scope: missing"),
    (#""split_at": "blank-line","#, "", "split_at: missing (expected split_at or split_before)"),
    (
      #""split_at": "blank-line""#, #""split_at": "blank-line", "split_before": ["a"]"#,
      "split_before: given"
    ),
    (#""split_at": "blank-line""#, #""split_before": [" "]"#, "split_before[0]: "),
    (#""count_first": true"#, #""count_first": 1"#, "count_first: 1 (expected true or false)"),
    (#""name": "subgoal""#, #""name": "check""#, #"kinds[1].name: "check""#),
    (#""name": "subgoal""#, #""name": "step""#, #"kinds[1].name: "step""#),
    (#""name": "subgoal""#, #""name": "uncounted""#, #"kinds[1].name: "uncounted""#),
    (#", "contains": ["next, i"]"#, "", "kinds[1].contains: no phrase"),
    (#"["next, i"]"#, #"["next, i", ""]"#, #"kinds[1].contains[1]: """#),
    (#"["next, i"]"#, #"["next, i", 3]"#, "kinds[1].contains[1]: 3"),
    (#"["next, i"]"#, #"["next, i"], "regex": "a""#, "kinds[1].regex: unknown key"),
  ])
  func aBrokenRuleIsNamedWithItsPlace(part: String, broken: String, message: String) throws {
    let text = valid.replacing(part, with: broken, maxReplacements: 1)
    try #require(text != valid)
    let error = #expect(throws: JSONValueError.self) { try decode(text) }
    #expect(error?.description.hasPrefix(message) == true, "\(String(describing: error))")
  }

  @Test func anEndlessLexiconIsRefused() throws {
    let phrases = (0..<200).map { #""\#(String(repeating: "a", count: 150))\#($0)""# }
    let text = valid.replacing(
      #"["next, i"]"#, with: "[\(phrases.joined(separator: ","))]")
    let error = #expect(throws: JSONValueError.self) { try decode(text) }
    #expect(error?.message.contains("bytes of phrases") == true)
    let none = valid.replacing(#""kinds": ["#, with: #""kinds": [], "k": ["#)
    #expect(throws: JSONValueError.self) { try decode(none) }
  }
}
