// The special tokens that the settings of a tokenizer name.
import StrictJSON

/// What `tokenizer_config.json` and `special_tokens_map.json` say about special tokens together, by the
/// rules and in the order of transformers 5.
struct SpecialTokenSettings {
  /// The uses of special tokens that every tokenizer may have.
  static let uses = [
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
  ]

  /// The tokens by name: the uses, then those of the model such as `image_token`.
  private(set) var named: [(name: String, token: TokenDescription)] = []
  /// Those without a name: `extra_special_tokens`, which were `additional_special_tokens`.
  private(set) var extra: [TokenDescription] = []
  /// The texts that `added_tokens.json` takes for special ones: those of the uses, and of
  /// `extra_special_tokens`.
  private(set) var listedTexts: Set<[UInt8]> = []
  /// The uses that are mentioned, also those for which there is no token.
  private(set) var mentioned: Set<String> = []

  /// - Parameters:
  ///   - settings: `tokenizer_config.json`.
  ///   - map: `special_tokens_map.json`, which counts over the settings; empty where it is not read.
  ///   - defaults: The tokens of uses that neither mentions, nil for none.
  init(
    _ settings: JSONObject, map: JSONObject, defaults: [String: String?]
  ) throws(TokenizerError) {
    for use in Self.uses {
      if let value = map[use] ?? settings[use] {
        mentioned.insert(use)
        if value.isNull { continue }
        let token = try TokenDescription(value, isSpecial: true, place: use)
        named.append((use, token))
        listedTexts.insert(Array(token.content.utf8))
      } else if let token = defaults[use] {
        mentioned.insert(use)
        if let token { named.append((use, TokenDescription(token))) }
      }
    }
    var extra = settings["extra_special_tokens"]
    var additional = settings["additional_special_tokens"]
    let isEmpty = extra?.arrayValue?.isEmpty ?? extra?.objectValue?.isEmpty ?? extra?.isNull ?? true
    if isEmpty, additional != nil { (extra, additional) = (additional, nil) }
    for (name, value) in Self.others(settings, &extra, map) {
      named.append((name, try TokenDescription(value, isSpecial: true, place: name)))
    }
    if let more = map["extra_special_tokens"]?.arrayValue {
      extra = .array((extra?.arrayValue ?? []) + more)
    }
    let isListed = extra != nil
    extra = extra ?? map["additional_special_tokens"] ?? additional
    guard let extra, !extra.isNull else { return }
    guard let elements = extra.arrayValue else {
      throw TokenizerError(
        .malformed, "extra_special_tokens is \(extra.summary) (expected a list of tokens)")
    }
    for (index, element) in elements.enumerated() {
      let token = try TokenDescription(element, place: "extra_special_tokens[\(index)]")
      self.extra.append(token)
      if isListed { listedTexts.insert(Array(token.content.utf8)) }
    }
  }

  /// The tokens with names of their own. A value in the settings themselves counts over one of the map.
  private static func others(
    _ settings: JSONObject, _ extra: inout JSON?, _ map: JSONObject
  ) -> [(String, JSON)] {
    func isName(_ key: String) -> Bool { key.hasSuffix("_token") && !uses.contains(key) }
    var own: JSONObject = [:]
    for (key, value) in settings.members where isName(key) && value.stringValue != nil {
      own[key] = value
    }
    if let names = extra?.objectValue {
      for (key, value) in names.members { own[key] = value }
      extra = nil
    }
    if own.isEmpty, let names = settings["model_specific_special_tokens"]?.objectValue {
      own = names
    }
    if let names = map["extra_special_tokens"]?.objectValue {
      for (key, value) in names.members { own[key] = value }
      extra = nil
    }
    var tokens: JSONObject = [:]
    for (key, value) in settings.members
    where isName(key) && value.objectValue?["__type"] == "AddedToken" {
      tokens[key] = value
    }
    for (key, value) in map.members where isName(key) {
      // A null there takes a token back.
      let isToken = value.stringValue != nil || value.objectValue != nil
      tokens[key] = isToken ? value : JSON?.none
    }
    for (key, value) in own.members { tokens[key] = value }
    return tokens.members.map { ($0.key, $0.value) }
  }
}
