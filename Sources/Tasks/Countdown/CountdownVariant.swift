// The variants of the Countdown task: how many numbers a problem has, and the lengths and rules
// that depend on it.

/// Countdown with three, four or five numbers.
///
/// Three numbers are the embedded task: at most one minus sign, and every valid sum may be the
/// target. Four and five are the hard variants: any number of minus signs, and the target needs at
/// least one, while the corpus of the base model rarely has any (`CountdownCorpus.Settings`).
public enum CountdownVariant: Int, Sendable, CaseIterable {
  case three = 3
  case four
  case five

  /// The numbers of a problem, n.
  public var numberCount: Int { rawValue }

  /// Whether a valid sum may have this many minus signs.
  public func allows(minusSigns count: Int) -> Bool { self != .three || count <= 1 }

  /// Whether a valid sum with this many minus signs may define a problem's target.
  func targets(minusSigns count: Int) -> Bool { self == .three || count > 0 }

  // MARK: - Lengths in tokens

  /// The total length of a prompt and the longest response, the same for all variants.
  public static let contextLength = 128

  /// `<bos> Use a b c to make T .`
  public var promptLength: Int { numberCount + 6 }

  /// The most tokens a response may have: 119, 118 or 117.
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
  var shortestRoom: Int { 3 + attemptLength + moveLength + answerLength }
}
