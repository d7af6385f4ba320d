// The rules of one way to count thoughts: where a thought begins and which words determine its
// kind.
import Tables

/// A counting method. Published methods differ in their words, in the order in which kinds are
/// tested and in the part of the response that they search. So a count means little without its
/// lexicon.
public struct ThoughtLexicon: Sendable, Hashable {
  /// The part of a response in which thoughts are counted.
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
    /// Or the thought contains one of these anywhere, also within longer words.
    public let contains: [String]

    /// A kind with at least one phrase.
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
  /// The version, which changes whenever a rule changes.
  public let version: String
  /// A description, with the differences from its source.
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

  /// The largest number of kinds.
  public static let mostKinds = 32
  /// The largest number of bytes in all phrases together.
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

  /// The names of all kinds; a `Thought`'s kind is an index into it. The default kind is the last.
  public var kindNames: [String] { kinds.map(\.name) + [defaultKind] }

  /// The axis `kind` of result files, with the names of the kinds.
  var kindAxis: Axis {
    Axis("kind", "kind of thought", names: kindNames, "name of the kind in the lexicon")
  }

  /// The same axis without the default kind.
  var countedKindAxis: Axis {
    Axis(
      "kind", "kind of thought", names: Array(kindNames.dropLast()),
      "name of the kind in the lexicon")
  }
}
