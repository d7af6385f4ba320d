// The results of one run of the thought counter.
import Statistics

/// The counts of one file or of two, with what they were compared with.
public struct ThoughtResult: Sendable {
  /// The ground truth that a `ThoughtTruth` compares with.
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
  /// One entry per kind; empty with one file.
  public let changes: [ThoughtFoldChange]
  /// Another lexicon on the first file.
  public var agreement: (lexicon: ThoughtLexicon, result: LexiconAgreement)?
  /// The comparison of the first file's thoughts with the ground truth, if there is one.
  public var truth: (source: TruthSource, result: ThoughtTruth)?
  /// The same for the second file, if it is of the embedded task.
  public var secondTruth: ThoughtTruth?
  /// What the first file's thoughts did to the answer, if any had one before them.
  public var effects: ThoughtEffects?
  /// The same for the second file.
  public var secondEffects: ThoughtEffects?
  /// The statistics of an alignment file's tokens by the kind of thought they belong to.
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
