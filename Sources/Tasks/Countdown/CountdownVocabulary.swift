// The 56 words of the embedded Countdown task and their token ids.

/// The word-level vocabulary: 19 words, then the numbers 0...36. A token id is a word's index in
/// `words`.
public enum CountdownVocabulary {
  /// Every word, in the order of its token id.
  public static let words: [String] =
    [
      "<pad>", "<bos>", "<eos>", "Use", "to", "make", ".", ",", "Target", "First", "Then",
      "Alternatively", "Wait", "Answer", "+", "-", "=", "yes", "no",
    ] + (0...largestNumber).map(String.init)

  /// The special words: padding, start and end.
  public static let specialWords = ["<pad>", "<bos>", "<eos>"]

  /// The largest number that has a token; values are in 0...36.
  public static let largestNumber = 36

  /// The token of `<pad>`.
  public static let pad: Int32 = 0
  /// The token of `<bos>`.
  public static let bos: Int32 = 1
  /// The token of `<eos>`.
  public static let eos: Int32 = 2
  /// The token of `Use`.
  public static let use: Int32 = 3
  /// The token of `to`.
  public static let to: Int32 = 4
  /// The token of `make`.
  public static let make: Int32 = 5
  /// The token of `.`.
  public static let period: Int32 = 6
  /// The token of `,`.
  public static let comma: Int32 = 7
  /// The token of `Target`.
  public static let target: Int32 = 8
  /// The token of `First`.
  public static let first: Int32 = 9
  /// The token of `Then`.
  public static let then: Int32 = 10
  /// The token of `Alternatively`.
  public static let alternatively: Int32 = 11
  /// The token of `Wait`.
  public static let wait: Int32 = 12
  /// The token of `Answer`.
  public static let answer: Int32 = 13
  /// The token of `+`.
  public static let plus: Int32 = 14
  /// The token of `-`.
  public static let minus: Int32 = 15
  /// The token of `=`.
  public static let equals: Int32 = 16
  /// The token of `yes`.
  public static let yes: Int32 = 17
  /// The token of `no`.
  public static let no: Int32 = 18
  /// The token of 0; the token of n is `zero + n`.
  public static let zero: Int32 = 19

  /// The number of tokens, 56.
  public static let count = 56

  /// The token of a number in 0...36.
  public static func token(of number: Int) -> Int32 {
    precondition(0 <= number && number <= largestNumber, "no token for this number")
    return zero + Int32(number)
  }

  /// The number that a token represents; nil for other tokens.
  public static func number(of token: Int32) -> Int? {
    token >= zero && token < Int32(count) ? Int(token - zero) : nil
  }

  /// The tokens' words joined by single spaces; a token outside the vocabulary shows as `<?id>`.
  public static func text(of tokens: some Sequence<Int32>) -> String {
    tokens.map { token in
      token >= 0 && token < Int32(count) ? words[Int(token)] : "<?\(token)>"
    }.joined(separator: " ")
  }

  /// The token of a signed term's sign.
  static func sign(of term: Int) -> Int32 {
    term < 0 ? minus : plus
  }

  /// 1 for `+`, −1 for `-`, nil for every other token.
  static func sign(of token: Int32) -> Int? {
    token == plus ? 1 : token == minus ? -1 : nil
  }
}
