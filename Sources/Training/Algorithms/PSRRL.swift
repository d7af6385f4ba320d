// PSR-RL: positive sample reinforcement after the prompt.
//
// Differences from PSR of RLVR-Decomposed (Zhu et al., 2506.01347): advantages have the group's
// baseline, so that a problem that is always solved teaches nothing; `advantage: raw` gives +1 on
// every right rollout as there. From the PreRL paper's code: the denominator is that of the batch,
// there of the micro-batch.

/// Only positive advantages, after the prompt.
public struct PSRRL: OneTermAlgorithm {
  public static let name = "psr-rl"
  public static let space = Space.postTrain
  public static let signs = AdvantageSigns.positive

  public var term: AdvantageTerm
  public var loss: LossSettings

  public init(term: AdvantageTerm, loss: LossSettings) {
    (self.term, self.loss) = (term, loss)
  }
}
