// What is wrong with the tokens of a dialogue.

/// The first thing that makes tokens no dialogue of the task.
public struct DeskFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of faults.
  public enum Kind: String, Sendable, CaseIterable {
    /// A word or token id that is not in the vocabulary.
    case unknownWord = "unknown word"
    /// A role token that does not stand at the start of its turn.
    case forgedRole = "forged role"
    /// A word of the vocabulary that the grammar does not allow here.
    case unexpectedWord = "unexpected word"
    /// The tokens stop before the turn or the dialogue is complete.
    case truncated
    /// Tokens follow a complete turn or dialogue.
    case overlong
  }

  public let kind: Kind
  /// The index of the first wrong token, from 0; that of a missing token is the number of tokens.
  public let position: Int
  /// Whose turn is at fault.
  public let author: DeskAuthor

  /// A fault.
  public init(_ kind: Kind, at position: Int, by author: DeskAuthor) {
    self.kind = kind
    self.position = position
    self.author = author
  }

  public var description: String { "\(kind.rawValue) at token \(position) (\(author.rawValue))" }
}
