// Variables in arithmetic: 1 + x is x + 1.

extension AnswerParser {
  /// The variables in front of the last one of a token such as `ab`; nil if there are none.
  mutating func variables(_ index: inout Int, _ end: Int) throws(ArithmeticFault) -> ExactNumber? {
    guard index < end, tokens[index].text.utf8.count == 2, tokens[index].kind == .word,
      isVariable(index)
    else { return nil }
    let name = String(tokens[index].text.prefix(1))
    return name == "i" ? .imaginaryUnit : .symbol(name)
  }

  /// Whether a token is a letter, two small letters, or a Greek one. A letter may name a function
  /// or have an index: in front of parentheses without a sum, and of a subscript or a prime, it is
  /// not understood. Words in prose are no variables.
  func isVariable(_ index: Int) -> Bool {
    let token = tokens[index]
    if token.kind == .command {
      guard Self.greek.contains(token.text) else { return false }
    } else {
      let letters = token.text.utf8
      guard token.kind == .word, !token.isProse, letters.count <= 2 else { return false }
      if letters.count == 2 {
        guard !Self.functions.contains(token.text),
          letters.allSatisfy({ UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 })
        else { return false }
      }
    }
    guard index + 1 < tokens.count else { return true }
    let next = tokens[index + 1]
    if next.isSymbol("_") || next.isSymbol("'") { return false }
    guard next.isSymbol("("), let close = partner(of: index + 1) else { return true }
    return !Self.functions.contains(token.text)
      && ((index + 2)..<close).contains { tokens[$0].isSymbol("+") || tokens[$0].isSymbol("-") }
  }

  /// Whether a word alone is a product of two variables, which no word of prose is: xy is yx.
  func isProduct(_ token: AnswerToken) -> Bool {
    let letters = token.text.utf8
    return !token.isProse && letters.count == 2 && letters.first != letters.last
      && letters.allSatisfy { UInt8(ascii: "u")...UInt8(ascii: "z") ~= $0 }
  }

  /// Names of functions and words of two letters.
  private static let functions: Set<String> = [
    "f", "g", "h", "F", "G", "H", "P", "ln", "lg", "tg", "or", "if", "is", "no", "to", "in", "of",
  ]
}
