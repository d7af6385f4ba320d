// The variants of the Countdown task: how many numbers a problem has, whether responses restate it,
// and the lengths and rules that depend on these.

/// Countdown with three, four or five numbers, or with three that responses do not restate.
///
/// Three numbers are the embedded task: at most one minus sign, and every valid sum may be the
/// target. Four and five are the hard variants: any number of minus signs, and the target needs at
/// least one, while the corpus of the base model rarely has any (`CountdownCorpus.Settings`).
///
/// A response of these restates its prompt: it opens with the target and writes the numbers. With
/// `positions` it does neither. It names a number by its place in the prompt, so that what a
/// response says about its prompt are the results of its steps.
public enum CountdownVariant: Sendable, CaseIterable {
  case three
  case four
  case five
  case positions

  /// The variant whose responses restate so many numbers; nil for other than three to five.
  public init?(numberCount: Int) {
    guard
      let variant = Self.allCases.first(where: { $0.restates && $0.numberCount == numberCount })
    else { return nil }
    self = variant
  }

  /// The numbers of a problem, n.
  public var numberCount: Int {
    switch self {
    case .three, .positions: 3
    case .four: 4
    case .five: 5
    }
  }

  /// Whether a response opens with the target and writes the numbers themselves.
  public var restates: Bool { self != .positions }

  /// Whether a valid sum may have this many minus signs.
  public func allows(minusSigns count: Int) -> Bool { numberCount > 3 || count <= 1 }

  /// Whether a valid sum with this many minus signs may define a problem's target.
  func targets(minusSigns count: Int) -> Bool { numberCount == 3 || count > 0 }

  // MARK: - Lengths in tokens

  /// The total length of a prompt and the longest response, the same for all variants.
  public static let contextLength = 128

  /// `<bos> Use a b c to make T .`, or with `positions` `<bos> Use 1 = a , 2 = b , 3 = c to make T .`
  public var promptLength: Int { restates ? numberCount + 6 : 4 * numberCount + 5 }

  /// The most tokens a response may have: 119, 118, 117, and 111 with `positions`.
  public var maximumResponseLength: Int { Self.contextLength - promptLength }

  /// `A o B = r1 . Then r1 o C = r2 V .`: six tokens for the first step, seven for every other,
  /// one for the verdict.
  public var statementLength: Int { 7 * (numberCount - 1) }

  /// `First` and a statement.
  var attemptLength: Int { statementLength + 1 }

  /// `Wait ,` or `Alternatively ,` and a statement.
  public var moveLength: Int { statementLength + 2 }

  /// `Answer A o B o C <eos>`
  public var answerLength: Int { 2 * numberCount + 1 }

  /// A switch needs room for the attempt, its check and the answer.
  var switchRoom: Int { 2 * moveLength + answerLength }

  /// A response needs room for `Target T .`, one attempt, its check and the answer.
  var shortestRoom: Int { (restates ? 3 : 0) + attemptLength + moveLength + answerLength }
}
