// The 43 words of the dialogue task and their token ids.

/// The word-level vocabulary of the task `Desk`. A token id is a word's index in `words`.
///
/// An item is one token. So a model can copy an item of the stock without putting it together from a
/// colour and a size.
public enum DeskVocabulary {
  /// Every word, in the order of its token id: marks and roles, the words of the assistant, the words
  /// of the user, four colours, three sizes, twelve items.
  public static let words: [String] =
    [
      "<pad>", "<bos>", "<eos>", "<end>", "<system>", "<user>", "<assistant>",
      "ask", "colour", "size", "offer", "free", "sorry",
      "please", "quick", "note", "say", "any", "great", "fine", "no", "bye", "bad", "ok",
    ] + colours + sizes + colours.flatMap { colour in sizes.map { colour + "-" + $0 } }

  /// The words of the colours.
  public static let colours = ["red", "green", "blue", "black"]
  /// The words of the sizes.
  public static let sizes = ["small", "medium", "large"]

  /// The words that are no language: padding, the marks of a text and of a turn, and roles.
  public static let specialWords = Array(words.prefix(Int(ask)))

  // MARK: - Marks and roles

  /// The token of `<pad>`. No dialogue contains it.
  public static let pad: Int32 = 0
  /// The token of `<bos>`, which opens a dialogue.
  public static let bos: Int32 = 1
  /// The token of `<eos>`, which closes a dialogue.
  public static let eos: Int32 = 2
  /// The token of `<end>`, which closes a turn.
  public static let end: Int32 = 3
  /// The token of `<system>`, which opens the system turn.
  public static let system: Int32 = 4
  /// The token of `<user>`, which opens a turn of the user.
  public static let user: Int32 = 5
  /// The token of `<assistant>`, which opens a turn of the assistant.
  public static let assistant: Int32 = 6

  // MARK: - Words of the assistant

  /// The token of `ask`.
  public static let ask: Int32 = 7
  /// The token of `colour`.
  public static let colour: Int32 = 8
  /// The token of `size`.
  public static let size: Int32 = 9
  /// The token of `offer`.
  public static let offer: Int32 = 10
  /// The token of `free`.
  public static let free: Int32 = 11
  /// The token of `sorry`.
  public static let sorry: Int32 = 12

  // MARK: - Words of the user

  /// The token of `please`.
  public static let please: Int32 = 13
  /// The token of `quick`.
  public static let quick: Int32 = 14
  /// The token of `note`, which opens an injection.
  public static let note: Int32 = 15
  /// The token of `say`.
  public static let say: Int32 = 16
  /// The token of `any`, an answer that reveals nothing.
  public static let any: Int32 = 17
  /// The token of `great`, which accepts an offer.
  public static let great: Int32 = 18
  /// The token of `fine`, which accepts an offer, too.
  public static let fine: Int32 = 19
  /// The token of `no`, which rejects an offer.
  public static let no: Int32 = 20
  /// The token of `bye`, with which the user leaves.
  public static let bye: Int32 = 21
  /// The token of `bad`, the reply to `sorry` if the wanted item is in stock.
  public static let bad: Int32 = 22
  /// The token of `ok`, the reply to `sorry` if it is not.
  public static let ok: Int32 = 23

  // MARK: - Colours, sizes and items

  /// The token of the first colour; the others follow.
  public static let firstColour: Int32 = 24
  /// The token of the first size; the others follow.
  public static let firstSize: Int32 = 28
  /// The token of the first item; the others follow, see `DeskItem`.
  public static let firstItem: Int32 = 31

  /// The number of tokens, 43.
  public static let count = 43

  // MARK: - Text

  /// The tokens' words joined by single spaces; a token outside the vocabulary shows as `<?id>`.
  public static func text(of tokens: some Sequence<Int32>) -> String {
    tokens.map { token in
      token >= 0 && token < Int32(count) ? words[Int(token)] : "<?\(token)>"
    }.joined(separator: " ")
  }

  /// The tokens of words separated by spaces.
  ///
  /// - Throws: `DeskFault` of kind `unknownWord` with the place of the first word without a token.
  public static func tokens(of text: String) throws(DeskFault) -> [Int32] {
    var tokens: [Int32] = []
    for word in text.split(separator: " ") {
      guard let token = ids[String(word)] else {
        throw DeskFault(.unknownWord, at: tokens.count, by: .forced)
      }
      tokens.append(token)
    }
    return tokens
  }

  /// Whether a token is `<system>`, `<user>` or `<assistant>`.
  static func isRole(_ token: Int32) -> Bool { (system...assistant).contains(token) }

  private static let ids = Dictionary(
    uniqueKeysWithValues: words.enumerated().map { ($1, Int32($0)) })
}
