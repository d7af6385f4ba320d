// NSR-PreRL: negative sample reinforcement in the pre-train space (arXiv:2604.14142), DSRL's first phase.
//
// Differences from PreRL: only rollouts of negative advantage take part, in the sum and in its
// denominator. A group that is all wrong has advantage 0 and takes no part either, unless
// `advantage` is `raw`.
// Differences from the paper's code: the denominator is the number of negative tokens of the batch,
// there of the micro-batch.

/// Only negative advantages, after the null context.
public struct NSRPreRL: OneTermAlgorithm {
  public static let name = "nsr-prerl"
  public static let space = Space.preTrain
  public static let signs = AdvantageSigns.negative

  public var term: AdvantageTerm
  public var loss: LossSettings

  public init(term: AdvantageTerm, loss: LossSettings) {
    (self.term, self.loss) = (term, loss)
  }
}
