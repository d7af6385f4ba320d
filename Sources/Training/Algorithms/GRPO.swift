// GRPO: the policy gradient of log P(y|x) with the group of a problem's rollouts as its baseline
// (Shao et al., DeepSeekMath, 2402.03300).
//
// Differences from the paper: no KL penalty, as in the runs that PreRL is compared with; tokens of
// the whole batch weigh alike (token-mean) unless `aggregation` says otherwise, where the paper
// averages within each response first.
// Differences from the code of the PreRL paper (a fork of verl): the denominator is that of the
// whole batch, there that of a micro-batch, so that a token's weight depends on the packing.
// Preset `matched` leaves out the division by the deviation: advantages as in PreRL.

/// Both signs after the prompt, advantages relative to the group.
public struct GRPO: OneTermAlgorithm {
  public static let name = "grpo"
  public static let space = Space.postTrain
  public static let signs = AdvantageSigns.both

  public var term: AdvantageTerm
  public var loss: LossSettings

  public init(term: AdvantageTerm, loss: LossSettings) {
    (self.term, self.loss) = (term, loss)
  }
}
