// PreRL: reinforcement learning in the pre-train space, both signs (arXiv:2604.14142).
//
// y is sampled with its prompt, y ~ π(·|x), and rewarded as such; the update differentiates
// log π(y|n) after the null context n, with old log-probabilities of that space.
//
// Differences from the paper: what it calls log P(y) is not the marginal Σ_x p(x) P(y|x), and is
// not called so here.
// Differences from the paper's code: n is a setting (there the literal token 151644); denominators
// are those of the whole batch. Its factor 0.01 and its centered advantages are preset `paper-code`.
// E[∇ log π(y|n)] is not 0 under y ~ π(·|x): here a baseline changes the expected update, too.

/// Both signs after the null context.
public struct PreRL: OneTermAlgorithm {
  public static let name = "prerl"
  public static let space = Space.preTrain
  public static let signs = AdvantageSigns.both

  public var term: AdvantageTerm
  public var loss: LossSettings

  public init(term: AdvantageTerm, loss: LossSettings) {
    (self.term, self.loss) = (term, loss)
  }
}
