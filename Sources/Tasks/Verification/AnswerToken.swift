// The tokens of an answer.

/// One piece of an answer. In the canonical form every argument of a command is in braces, and
/// there are no other braces.
struct AnswerToken: Equatable {
  enum Kind {
    /// Digits with at most one point, one repeating block and one exponent: `12`, `.5`, `1.5e-3`,
    /// `0.1(6)`.
    case number
    /// Letters of a to z without a backslash.
    case word
    /// `\name`, without the backslash; `\{` and `\}` are the braces of a set.
    case command
    /// Any other scalar; `{` and `}` are TeX's groups.
    case symbol
  }

  let kind: Kind
  let text: String
  /// Whether there was a space before it.
  var hasSpace = false
  /// Whether it is in `\text{}` or similar, or in a sentence, so that it is a word and not a
  /// variable.
  var isProse = false
  /// Whether separators between groups of three digits were removed from it.
  var isGrouped = false

  func isSymbol(_ symbol: String) -> Bool { kind == .symbol && text == symbol }
  func isCommand(_ name: String) -> Bool { kind == .command && text == name }
  func isWord(_ word: String) -> Bool { kind == .word && text == word }

  static func symbol(_ text: String) -> AnswerToken { AnswerToken(kind: .symbol, text: text) }

  /// The amount of money that follows is in dollars. Other currencies are commands of this kind,
  /// too.
  static let currency = "$"

  var isCurrency: Bool {
    kind == .command && text.unicodeScalars.first?.properties.generalCategory == .currencySymbol
  }
}

extension Sequence<AnswerToken> {
  /// The canonical text, in which the first letter of a word is small: all other letters of it are.
  var comparableText: String {
    map { token in
      guard token.kind == .word, token.text.utf8.count >= 2,
        token.text.utf8.dropFirst().allSatisfy({ UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 })
      else { return token }
      return AnswerToken(
        kind: .word, text: token.text.lowercased(), hasSpace: token.hasSpace,
        isProse: token.isProse)
    }.canonicalText
  }

  /// The tokens as text. Spaces are left out except between two numbers, since `3 1/2` is not
  /// `31/2`. Currency signs are left out.
  var canonicalText: String {
    var text = ""
    var followsNumber = false
    for token in self where !token.isCommand(AnswerToken.currency) {
      if token.kind == .number, followsNumber, token.hasSpace { text += " " }
      if token.kind == .command { text += "\\" }
      text += token.text
      followsNumber = token.kind == .number
    }
    return text
  }
}
