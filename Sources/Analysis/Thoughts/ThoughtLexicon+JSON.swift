// Lexicons as JSON files, format version 1.
//
//   {
//     "format": "prerl.lexicon", "format_version": 1,
//     "name": "mine", "version": "1",            letters, digits, . _ -
//     "description": "…", "source": "…",         optional
//     "scope": "response",                       or "thinking": <think> … </think> only
//     "split_at": "blank-line",                  or "split_before": ["First", "Wait"]
//     "count_first": false,                      whether text before the first boundary counts
//     "default_kind": "execution",               the kind of a thought that matches none
//     "kinds": [                                 tested in this order, the first match wins
//       {"name": "reflection", "starts_with": ["Wait"], "contains": ["let me check"]}
//     ]
//   }
//
// The case of ASCII letters is ignored. Phrases match within longer words; `split_before` matches
// whole words only. Unknown keys are refused.
import StrictJSON

extension ThoughtLexicon {
  /// The value of `format`.
  public static let format = "prerl.lexicon"
  /// The value of `format_version`.
  public static let formatVersion = 1

  /// Decodes a lexicon strictly; the caller finishes the reader.
  public init(reading reader: inout JSONReader) throws(JSONValueError) {
    _ = try reader.string("format", oneOf: [Self.format])
    _ = try reader.int("format_version", in: Self.formatVersion...Self.formatVersion)
    let name = try Self.name(&reader, "name")
    let version = try Self.name(&reader, "version")
    let description = try reader.optionalString("description") ?? ""
    let source = try reader.optionalString("source") ?? ""
    let scope: Scope = try reader.choice("scope")
    let boundary = try Self.boundary(&reader)
    let countsFirst = try reader.bool("count_first")
    let defaultKind = try Self.name(&reader, "default_kind")
    var names = [defaultKind]
    var phraseBytes = 0
    var kinds: [Kind] = []
    let readers = try reader.objects("kinds")
    guard 1...Self.mostKinds ~= readers.count else {
      throw reader.fault(
        "kinds", "an array of \(readers.count)", "1 to \(Self.mostKinds) kinds")
    }
    for var kind in readers {
      let name = try Self.name(&kind, "name")
      guard !names.contains(name), name != LexiconAgreement.uncounted else {
        throw kind.fault("name", JSON.string(name).summary, "a name that no other kind has")
      }
      names.append(name)
      let startsWith = try Self.phrases(&kind, "starts_with")
      let contains = try Self.phrases(&kind, "contains")
      try kind.finish()
      guard !startsWith.isEmpty || !contains.isEmpty else {
        throw kind.fault("contains", "no phrase", "phrases here or in starts_with")
      }
      phraseBytes += (startsWith + contains).reduce(0) { $0 + $1.utf8.count }
      kinds.append(Kind(name: name, startsWith: startsWith, contains: contains))
    }
    guard phraseBytes <= Self.mostPhraseBytes else {
      throw reader.fault(
        "kinds", "\(phraseBytes) bytes of phrases", "at most \(Self.mostPhraseBytes)")
    }
    self.init(
      name: name, version: version, description: description, source: source,
      scope: scope, boundary: boundary, countsFirst: countsFirst,
      kinds: kinds, defaultKind: defaultKind)
  }

  /// The lexicon in the format of its file. This text identifies the rules in a result.
  public var json: JSON {
    func strings(_ values: [String]) -> JSON { .array(values.map(JSON.string)) }
    var object: JSONObject = [
      "format": .string(Self.format), "format_version": .integer(Self.formatVersion),
      "name": .string(name), "version": .string(version), "description": .string(description),
      "source": .string(source), "scope": .string(scope.rawValue),
    ]
    switch boundary {
    case .blankLine: object["split_at"] = "blank-line"
    case .words(let words): object["split_before"] = strings(words)
    }
    object["count_first"] = .bool(countsFirst)
    object["default_kind"] = .string(defaultKind)
    object["kinds"] = .array(
      kinds.map { kind in
        [
          "name": .string(kind.name), "starts_with": strings(kind.startsWith),
          "contains": strings(kind.contains),
        ]
      })
    return .object(object)
  }

  // MARK: - Parts

  private static func boundary(_ reader: inout JSONReader) throws(JSONValueError) -> Boundary {
    let mark = try reader.optionalString("split_at", oneOf: ["blank-line"])
    let words = try phrases(&reader, "split_before")
    switch (mark, words.isEmpty) {
    case (nil, true): throw reader.fault("split_at", "missing", "split_at or split_before")
    case (_?, false): throw reader.fault("split_before", "given", "only one of it and split_at")
    case (_?, true): return .blankLine
    case (nil, false): return .words(words)
    }
  }

  /// A name that fits into tables, file names and HDF5.
  private static func name(
    _ reader: inout JSONReader, _ key: String
  ) throws(JSONValueError) -> String {
    let name = try reader.string(key)
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard isPlain, 1...40 ~= name.utf8.count else {
      throw reader.fault(
        key, JSON.string(name).summary, "1 to 40 letters, digits and the signs . _ -")
    }
    return name
  }

  /// An optional list of phrases; none of them empty.
  private static func phrases(
    _ reader: inout JSONReader, _ key: String
  ) throws(JSONValueError) -> [String] {
    guard reader.contains(key) else {
      _ = reader.value(key)
      return []
    }
    let phrases = try reader.strings(key)
    for (index, phrase) in phrases.enumerated() {
      guard 1...200 ~= phrase.utf8.count, phrase.utf8.contains(where: { $0 > 0x20 }) else {
        throw reader.fault(
          "\(key)[\(index)]", JSON.string(phrase).summary, "1 to 200 bytes of text")
      }
    }
    return phrases
  }
}

extension JSONReader {
  /// An error about a member.
  fileprivate func fault(
    _ key: String, _ found: String, _ expected: String
  ) -> JSONValueError {
    let prefix = path.isEmpty ? "" : "\(path)."
    return JSONValueError(path: prefix + key, message: "\(found) (expected \(expected))")
  }
}
