// Letters of multiple choice.

/// The letter of an answer such as `(B) 12`, `B. 12`, `B) 12` or `option B`.
enum AnswerChoice {
  /// Whether one is a letter alone, `B` or `(B)`, and the other this letter with its text.
  static func isSame(_ a: [AnswerToken], _ b: [AnswerToken]) -> Bool {
    if let letter = labelled(a) { return letter == bare(b) }
    return labelled(b).map { $0 == bare(a) } ?? false
  }

  private static func bare(_ tokens: [AnswerToken]) -> String? {
    let isEnclosed = tokens.count == 3 && tokens[0].isSymbol("(") && tokens[2].isSymbol(")")
    let letter = isEnclosed ? tokens[1] : tokens.first
    return (isEnclosed || tokens.count == 1) && letter.map(isLetter) == true ? letter?.text : nil
  }

  /// The letter in front of a text, which begins behind a space and is no operation.
  private static func labelled(_ tokens: [AnswerToken]) -> String? {
    if tokens.count > 1, names.contains(tokens[0].text.lowercased()) {
      return bare(Array(tokens.dropFirst()))
    }
    let start = tokens.first?.isSymbol("(") == true ? 1 : 0
    guard tokens.count > start + 2, isLetter(tokens[start]) else { return nil }
    let (mark, next) = (tokens[start + 1], tokens[start + 2])
    let isMark = mark.isSymbol(")") || start == 0 && (mark.isSymbol(".") || mark.isSymbol(":"))
    guard isMark, next.hasSpace, next.kind != .symbol, !verdicts.contains(next.text.lowercased())
    else { return nil }
    // A second label makes it a list of choices.
    let isSingle = (start + 2..<tokens.count - 1).allSatisfy {
      !(isLetter(tokens[$0]) && tokens[$0 + 1].isSymbol(")"))
    }
    return isSingle ? tokens[start].text : nil
  }

  private static func isLetter(_ token: AnswerToken) -> Bool {
    token.kind == .word && token.text.utf8.count == 1 && token.text < "a"
  }

  /// Words behind a label that say something of the choice and are not its text.
  private static let verdicts: Set<String> = [
    "and", "or", "not", "nor", "but", "is", "isn", "are", "was", "if", "unless",
  ]

  private static let names: Set<String> = ["option", "choice", "answer"]
}
