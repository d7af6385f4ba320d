// PSR-PreRL: positive sample reinforcement in the pre-train space (arXiv:2604.14142).
//
// Differences from PreRL: only rollouts of positive advantage take part, in the sum and in its
// denominator. From the paper's code: the denominator is that of the batch, there of the
// micro-batch.

/// Only positive advantages, after the null context.
public struct PSRPreRL: OneTermAlgorithm {
  public static let name = "psr-prerl"
  public static let space = Space.preTrain
  public static let signs = AdvantageSigns.positive

  public var term: AdvantageTerm
  public var loss: LossSettings

  public init(term: AdvantageTerm, loss: LossSettings) {
    (self.term, self.loss) = (term, loss)
  }
}
