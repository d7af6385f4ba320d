// Writes the thoughts of every response as JSONL, for annotation and inspection.
import Analysis
import StrictJSON

/// One line per response: `{"id", "thoughts": [{"kind", "start", "end", "phrase"}]}`.
///
/// `start` and `end` count Unicode code points of `response`, as Python's strings do; `phrase` is
/// the text that determined the kind, null for the default kind.
enum SpanFile {
  static func line(
    id: String, _ thoughts: [Thought], of bytes: [UInt8], _ lexicon: ThoughtLexicon
  ) -> String {
    let names = lexicon.kindNames
    var (index, scalars) = (0, 0)
    // Thoughts are in order, so one pass over the text is enough.
    func scalarCount(upTo end: Int) -> Int {
      while index < end {
        if bytes[index] & 0xC0 != 0x80 { scalars += 1 }
        index += 1
      }
      return scalars
    }
    let spans = thoughts.map { thought -> JSON in
      let start = scalarCount(upTo: thought.range.lowerBound)
      let end = scalarCount(upTo: thought.range.upperBound)
      return [
        "kind": .string(names[thought.kind]), "start": .integer(start), "end": .integer(end),
        "phrase": thought.match.map { .string(String(decoding: bytes[$0], as: UTF8.self)) }
          ?? .null,
      ]
    }
    return JSON.object(["id": .string(id), "thoughts": .array(spans)]).text()
  }
}
