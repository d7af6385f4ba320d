// The rules of one way to count thoughts: where a thought begins and which words give it its kind.

/// A counting method. Published methods differ in their words, in the order in which kinds are
/// tested and in where they look, so a count without its lexicon says little.
public struct ThoughtLexicon: Sendable, Hashable {
  /// Which part of a response is looked at.
  public enum Scope: String, Sendable, Hashable, CaseIterable {
    /// All of it.
    case response
    /// From `<think>` (the start where there is none: the prompt may have opened it) to `</think>`
    /// (the end where there is none).
    case thinking
  }

  /// Where a thought ends and the next one begins.
  public enum Boundary: Sendable, Hashable {
    /// At two or more line ends in a row; `\r` does not count, a line of spaces does not separate.
    case blankLine
    /// Before each of these words, which belong to the thought they begin.
    case words([String])
  }

  /// A kind of thought and the phrases that mark it, compared without regard to ASCII case.
  public struct Kind: Sendable, Hashable {
    /// `reflection`, `transition`, …
    public let name: String
    /// The thought begins with one of these.
    public let startsWith: [String]
    /// Or holds one of these anywhere, also within longer words.
    public let contains: [String]

    /// A kind of at least one phrase.
    public init(name: String, startsWith: [String] = [], contains: [String] = []) {
      precondition(
        !startsWith.isEmpty || !contains.isEmpty, "a kind without phrases is never counted")
      self.name = name
      self.startsWith = startsWith
      self.contains = contains
    }
  }

  /// The lexicon's name, such as `seal`.
  public let name: String
  /// Changes with every change of a rule.
  public let version: String
  /// What it is and how it differs from its source.
  public let description: String
  /// Where the rules come from.
  public let source: String
  /// The part of a response that is looked at.
  public let scope: Scope
  /// Where thoughts begin.
  public let boundary: Boundary
  /// Whether the text before the first boundary is a thought.
  public let countsFirst: Bool
  /// The kinds in the order in which they are tested: the first that matches wins.
  public let kinds: [Kind]
  /// The kind of a thought that matches none, such as `execution`.
  public let defaultKind: String

  /// At most so many kinds.
  public static let mostKinds = 32
  /// At most so many bytes in all phrases.
  public static let mostPhraseBytes = 16_384

  /// A lexicon whose kinds have different names.
  public init(
    name: String, version: String, description: String = "", source: String = "",
    scope: Scope = .response, boundary: Boundary = .blankLine, countsFirst: Bool = false,
    kinds: [Kind], defaultKind: String = "execution"
  ) {
    precondition(!kinds.isEmpty && kinds.count <= Self.mostKinds, "a lexicon has some kinds")
    precondition(
      Set(kinds.map(\.name) + [defaultKind]).count == kinds.count + 1, "kinds differ in their names"
    )
    self.name = name
    self.version = version
    self.description = description
    self.source = source
    self.scope = scope
    self.boundary = boundary
    self.countsFirst = countsFirst
    self.kinds = kinds
    self.defaultKind = defaultKind
  }

  /// The names of all kinds; a `Thought`'s kind is a place in it. The default kind is the last.
  public var kindNames: [String] { kinds.map(\.name) + [defaultKind] }
}
