// Reading a byte-level BPE model from `tokenizer.json`.
import StrictJSON

extension BytePairEncoding {
  /// Reads the model and the other parts of the file.
  init(
    _ file: JSONObject, _ model: JSONObject, _ vocabulary: JSONObject,
    _ words: [(token: String, id: Int32)]
  ) throws(TokenizerError) {
    try Self.checkOptions(model)
    let decoder = file["decoder"] ?? .null
    guard decoder.objectValue?["type"] == "ByteLevel" else {
      throw TokenizerError(
        .unsupported, "decoder is \(Tokenizer.typeName(of: decoder)) (expected \"ByteLevel\")")
    }
    (digits, pattern, addsPrefixSpace) = try Self.preTokenizer(file["pre_tokenizer"] ?? .null)

    tokenOfByte = ByteAlphabet.characters.map { character in
      vocabulary[String(character)]?.intValue.flatMap(Int32.init(exactly:)) ?? -1
    }
    if let unknown = model["unk_token"], !unknown.isNull, tokenOfByte.contains(-1) {
      throw TokenizerError(
        .unsupported,
        "model.unk_token is \(unknown.summary) and a byte has no token (expected tokens for all)")
    }
    merges = try Self.merges(model["merges"] ?? .null, vocabulary)
    var wholeWords: [[UInt8]: Int32] = [:]
    if model["ignore_merges"]?.boolValue == true {
      wholeWords.reserveCapacity(words.count)
      for (word, id) in words {
        if let bytes = ByteAlphabet.bytes(of: word) { wholeWords[bytes] = id }
      }
    }
    self.wholeWords = wholeWords
  }

  /// Refuses options of the model that would change the tokens.
  private static func checkOptions(_ model: JSONObject) throws(TokenizerError) {
    for key in ["fuse_unk", "byte_fallback", "ignore_merges"] {
      guard let value = model[key], !value.isNull else { continue }
      guard value.boolValue != nil, key == "ignore_merges" || value == false else {
        throw TokenizerError(.unsupported, "model.\(key) is \(value.summary) (expected false)")
      }
    }
    if let dropout = model["dropout"], !dropout.isNull, dropout.doubleValue != 0 {
      throw TokenizerError(.unsupported, "model.dropout is \(dropout.summary) (expected null)")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let affix = model[key], !affix.isNull, affix != "" {
        throw TokenizerError(.unsupported, "model.\(key) is \(affix.summary) (expected null)")
      }
    }
  }

  // MARK: - Pre-tokenizer

  /// `ByteLevel` with its own pattern, alone or behind `Digits`, or a `Sequence` of `Split` and
  /// `ByteLevel` without.
  private static func preTokenizer(
    _ preTokenizer: JSON
  ) throws(TokenizerError) -> (digits: DigitSplit, pattern: SplitPattern, addsPrefixSpace: Bool) {
    let object = preTokenizer.objectValue
    if let object, object["type"] == "ByteLevel" {
      let place = "pre_tokenizer"
      try require(true, object["use_regex"] ?? true, "\(place).use_regex")
      guard let addsPrefixSpace = object["add_prefix_space"]?.boolValue else {
        throw TokenizerError(
          .malformed, "\(place).add_prefix_space is missing (expected true or false)")
      }
      return (.never, .gpt2, addsPrefixSpace)
    }
    if let digits = try digits(object) { return (digits, .gpt2, false) }
    guard let object, object["type"] == "Sequence",
      let parts = object["pretokenizers"]?.arrayValue, parts.count == 2,
      let split = parts[0].objectValue, split["type"] == "Split",
      let byteLevel = parts[1].objectValue, byteLevel["type"] == "ByteLevel"
    else {
      let parts = object?["pretokenizers"]?.arrayValue?.map(Tokenizer.typeName(of:)) ?? []
      let list = parts.isEmpty ? "" : " of \(parts.joined(separator: ", "))"
      throw TokenizerError(
        .unsupported,
        "pre_tokenizer is \(Tokenizer.typeName(of: preTokenizer))\(list) "
          + "(expected \"ByteLevel\", or a \"Sequence\" of \"Split\" or \"Digits\" and \"ByteLevel\")"
      )
    }
    let place = "pre_tokenizer.pretokenizers"
    try require("Isolated", split["behavior"] ?? .null, "\(place)[0].behavior")
    try require(false, split["invert"] ?? false, "\(place)[0].invert")
    try require(false, byteLevel["use_regex"] ?? true, "\(place)[1].use_regex")
    try require(false, byteLevel["add_prefix_space"] ?? .null, "\(place)[1].add_prefix_space")
    let regex = split["pattern"]?.objectValue?["Regex"] ?? .null
    guard let text = regex.stringValue, let pattern = SplitPattern(regex: text) else {
      throw TokenizerError(
        .unsupported,
        "\(place)[0].pattern.Regex is \(regex.summary) (expected the one of GPT-2, Qwen or Llama 3)"
      )
    }
    return (.never, pattern, false)
  }

  /// A `Sequence` of `Digits` and `ByteLevel` with its own pattern, as SmolLM has it; nil for others.
  private static func digits(_ object: JSONObject?) throws(TokenizerError) -> DigitSplit? {
    guard let object, object["type"] == "Sequence",
      let parts = object["pretokenizers"]?.arrayValue, parts.count == 2,
      let digits = parts[0].objectValue, digits["type"] == "Digits",
      let byteLevel = parts[1].objectValue, byteLevel["type"] == "ByteLevel"
    else { return nil }
    let place = "pre_tokenizer.pretokenizers"
    try require(true, byteLevel["use_regex"] ?? true, "\(place)[1].use_regex")
    try require(false, byteLevel["add_prefix_space"] ?? .null, "\(place)[1].add_prefix_space")
    let isSingle = digits["individual_digits"] ?? false
    guard let isSingle = isSingle.boolValue else {
      throw TokenizerError(
        .malformed,
        "\(place)[0].individual_digits is \(isSingle.summary) (expected true or false)")
    }
    return isSingle ? .single : .runs
  }

  private static func require(
    _ wanted: JSON, _ value: JSON, _ place: String
  ) throws(TokenizerError) {
    guard value == wanted else {
      throw TokenizerError(
        .unsupported, "\(place) is \(value.summary) (expected \(wanted.summary))")
    }
  }

  // MARK: - Merges

  /// The merges in the order of their ranks, as `"a b"` or as `["a", "b"]`. Of equal pairs the last
  /// counts, as in Hugging Face's.
  private static func merges(
    _ value: JSON, _ vocabulary: JSONObject
  ) throws(TokenizerError) -> [UInt64: Merge] {
    guard let elements = value.arrayValue else {
      throw TokenizerError(.malformed, "model.merges is \(value.summary) (expected an array)")
    }
    var merges: [UInt64: Merge] = [:]
    merges.reserveCapacity(elements.count)
    var rank: UInt32 = 0
    for (index, element) in elements.enumerated() {
      // The header line of the old merges file.
      if element.stringValue?.hasPrefix("#version") == true { continue }
      guard let (left, right) = parts(of: element) else {
        throw TokenizerError(
          .malformed, "model.merges[\(index)] is \(element.summary) (expected two tokens)")
      }
      let leftID = try id(of: left, vocabulary, index)
      let rightID = try id(of: right, vocabulary, index)
      merges[pair(leftID, rightID)] = Merge(
        rank: rank, token: try id(of: left + right, vocabulary, index))
      rank += 1
    }
    return merges
  }

  private static func parts(of element: JSON) -> (left: String, right: String)? {
    if let text = element.stringValue {
      let parts = text.utf8.split(separator: 0x20, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      return (String(Substring(parts[0])), String(Substring(parts[1])))
    }
    guard let pair = element.arrayValue, pair.count == 2, let left = pair[0].stringValue,
      let right = pair[1].stringValue
    else { return nil }
    return (left, right)
  }

  private static func id(
    of token: String, _ vocabulary: JSONObject, _ index: Int
  ) throws(TokenizerError) -> Int32 {
    guard let id = vocabulary[token]?.intValue.flatMap(Int32.init(exactly:)) else {
      throw TokenizerError(
        .malformed,
        "model.merges[\(index)] needs \(JSON.string(token).summary) "
          + "(expected a token of model.vocab)")
    }
    return id
  }
}
