// Everything that one run of the thought counter found.
import Statistics

/// The counts of one file or of two, with what they were compared with.
public struct ThoughtResult: Sendable {
  /// What a `ThoughtTruth` compares with.
  public enum TruthSource: String, Sendable, Hashable {
    /// What the moves of the embedded task did.
    case moves
    /// Labels of the file.
    case labels
  }

  /// The rules of the counts.
  public let lexicon: ThoughtLexicon
  /// The file, or the base of the comparison.
  public let first: ThoughtSource
  /// The file compared with the base.
  public let second: ThoughtSource?
  /// One entry a kind; empty with one file.
  public let changes: [ThoughtFoldChange]
  /// Another lexicon on the first file.
  public var agreement: (lexicon: ThoughtLexicon, result: LexiconAgreement)?
  /// What is known of the first file's thoughts.
  public var truth: (source: TruthSource, result: ThoughtTruth)?
  /// What the moves of the second file did, where it is of the embedded task.
  public var secondTruth: ThoughtTruth?
  /// The tokens of the first file's thoughts in an alignment file.
  public var tokens: (path: String, responseCount: Int, rows: [ThoughtTokenStatistics])?

  /// The counts; the change between two files is computed here.
  public init(
    lexicon: ThoughtLexicon, first: ThoughtSource, second: ThoughtSource? = nil,
    bootstrap: BootstrapT
  ) {
    self.lexicon = lexicon
    self.first = first
    self.second = second
    changes =
      second.map {
        ThoughtFoldChange.changes(from: first.table, to: $0.table, bootstrap: bootstrap)
      } ?? []
  }
}
