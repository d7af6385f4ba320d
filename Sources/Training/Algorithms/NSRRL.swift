// NSR-RL: negative sample reinforcement after the prompt.
//
// The control of NSR-PreRL: under preset `matched` the two differ in the context of y and in
// nothing else.
// Differences from NSR of RLVR-Decomposed (Zhu et al., 2506.01347): advantages have the group's
// baseline; `advantage: raw` gives −1 on every wrong rollout as there.
// Differences from the PreRL paper's code: the denominator is the number of negative tokens of the
// batch, there of the micro-batch.

/// Only negative advantages, after the prompt.
public struct NSRRL: OneTermAlgorithm {
  public static let name = "nsr-rl"
  public static let space = Space.postTrain
  public static let signs = AdvantageSigns.negative

  public var term: AdvantageTerm
  public var loss: LossSettings

  public init(term: AdvantageTerm, loss: LossSettings) {
    (self.term, self.loss) = (term, loss)
  }
}
