// The tokens that enter the transformer, and those that are scored.

/// Concatenated token sequences, so that one matrix product covers them all.
///
/// Attention never crosses from one sequence to the next and positions restart at 0 in each (a
/// block-diagonal causal mask). A sequence is a context followed by a response: tokens of the
/// response are scored, each by the row before it. Tokens from the last scored one on do not affect
/// any score, so they are left out.
///
/// Sequences can be divided into sides, whose gradients are kept separate. In an alignment the
/// first side is `log P(y)` and the second is `log P(y|x)`.
public struct PackedSequences: Sendable {
  /// Input token of each row. (R)
  public private(set) var tokens: [Int32] = []
  /// Position of each row in its own sequence. (R)
  public private(set) var positions: [Int32] = []
  /// First row of each sequence, and the number of rows at the end. (sequences + 1)
  public private(set) var sequenceStarts: [Int] = [0]
  /// Rows whose output is scored, ascending. (M)
  public private(set) var scoredRows: [Int32] = []
  /// The token that each scored row predicts. (M)
  public private(set) var targets: [Int32] = []
  /// First scored row of each sequence, and their number at the end. (sequences + 1)
  public private(set) var scoredStarts: [Int] = [0]
  private var sideStarts: [Int] = []

  public init() {}

  /// The two sides of an alignment: the same response after two contexts.
  public init(first: ScoredSequence, second: ScoredSequence) {
    beginSide()
    append(first)
    beginSide()
    append(second)
  }

  /// Appends a sequence with at least one token to score.
  public mutating func append(_ sequence: ScoredSequence) {
    precondition(sequence.scoredCount > 0, "a sequence needs a token to score")
    let start = tokens.count
    tokens += sequence.context
    tokens += sequence.response.prefix(sequence.rowCount - sequence.context.count)
    positions += (0..<Int32(tokens.count - start))
    for place in sequence.scoredPositions {
      // The row before a token scores it.
      scoredRows.append(Int32(start + sequence.context.count + place - 1))
      targets.append(sequence.response[place])
    }
    sequenceStarts.append(tokens.count)
    scoredStarts.append(targets.count)
  }

  /// Starts a new side with the next sequence.
  public mutating func beginSide() {
    sideStarts.append(sequenceCount)
  }

  public var sequenceCount: Int { sequenceStarts.count - 1 }
  public var rowCount: Int { tokens.count }
  public var scoredCount: Int { targets.count }

  /// The sequences of each side; a single side with all sequences if none was started.
  public var sides: [Range<Int>] {
    guard !sideStarts.isEmpty else { return [0..<sequenceCount] }
    return sideStarts.indices.map { side in
      sideStarts[side]..<(side + 1 < sideStarts.count ? sideStarts[side + 1] : sequenceCount)
    }
  }

  /// The rows of a range of sequences.
  public func rows(ofSequences range: Range<Int>) -> Range<Int> {
    sequenceStarts[range.lowerBound]..<sequenceStarts[range.upperBound]
  }

  /// The scored rows of a range of sequences, as indices into `scoredRows`.
  public func scored(ofSequences range: Range<Int>) -> Range<Int> {
    scoredStarts[range.lowerBound]..<scoredStarts[range.upperBound]
  }
}
