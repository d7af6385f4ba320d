// An added token before it has an id.
import StrictJSON

/// A token as a file describes it: its text, and how it is found.
struct TokenDescription: Sendable {
  /// The text it stands for.
  let content: String
  /// The flags of `AddedToken`.
  var isSpecial: Bool
  var stripsLeft = false
  var stripsRight = false
  var isSingleWord = false
  var isNormalized: Bool

  /// A token that is nothing but a text. As in Hugging Face's, a special one is looked for in the
  /// original text, and any other one in the normalized text.
  init(_ content: String, isSpecial: Bool = true) {
    self.content = content
    self.isSpecial = isSpecial
    isNormalized = !isSpecial
  }

  /// The members of an object, in which only `content` is needed.
  ///
  /// - Parameter isSpecial: What counts in place of `special`.
  init(_ object: JSONObject, isSpecial: Bool? = nil, place: String) throws(TokenizerError) {
    guard let content = object["content"]?.stringValue, !content.isEmpty else {
      throw TokenizerError(.malformed, "\(place) has no content (expected the text of a token)")
    }
    func flag(_ key: String) throws(TokenizerError) -> Bool? {
      guard let value = object[key] else { return nil }
      guard let flag = value.boolValue else {
        throw TokenizerError(
          .malformed, "\(place).\(key) is \(value.summary) (expected true or false)")
      }
      return flag
    }
    let marked = try flag("special")
    self.init(content, isSpecial: isSpecial ?? marked ?? false)
    stripsLeft = try flag("lstrip") ?? false
    stripsRight = try flag("rstrip") ?? false
    isSingleWord = try flag("single_word") ?? false
    isNormalized = try flag("normalized") ?? isNormalized
  }

  /// A text, or an object with it.
  init(_ value: JSON, isSpecial: Bool? = nil, place: String) throws(TokenizerError) {
    if let object = value.objectValue {
      try self.init(object, isSpecial: isSpecial, place: place)
    } else if let content = value.stringValue, !content.isEmpty {
      self.init(content)
    } else {
      throw TokenizerError(
        .malformed, "\(place) is \(value.summary) (expected the text of a token)")
    }
  }
}

extension AddedToken {
  init(id: Int32, _ token: TokenDescription) {
    self.init(
      id: id, content: token.content, isSpecial: token.isSpecial, stripsLeft: token.stripsLeft,
      stripsRight: token.stripsRight, isSingleWord: token.isSingleWord,
      isNormalized: token.isNormalized)
  }
}
