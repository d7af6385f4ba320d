// The loss of a pair of responses and its closed-form derivatives.
//
// With rewards r_c and r_r of the better and the other response, Δ = r_c − r_r and a margin m:
//   L = −log σ(Δ − m) + c (r_c + r_r)²            (Bradley and Terry; the margin of Llama 2, 2307.09288,
//   ∂L/∂r_c = σ(Δ − m) − 1 + 2c (r_c + r_r)        the centring of Eisenstein et al., 2312.09244)
//   ∂L/∂r_r = 1 − σ(Δ − m) + 2c (r_c + r_r)
// A tie has the label ½ and no margin:
//   L = −½ log σ(Δ) − ½ log σ(−Δ) + c (r_c + r_r)²,  with σ(Δ) − ½ in the place of σ(Δ − m) − 1.
// Without the centring the loss stays the same where a function of the prompt is added to both rewards.
import RealModule

/// Bradley-Terry with a margin and centred rewards.
public struct BradleyTerry: Sendable, Hashable {
  /// m of pairs that have none of their own.
  public var margin: Double
  /// c, TRL's `center_rewards_coefficient`: keeps rewards around 0.
  public var centering: Double

  public init(margin: Double = 0, centering: Double = 0) {
    self.margin = margin
    self.centering = centering
  }

  /// What a pair adds to a batch's loss, before the mean over the pairs is taken.
  public struct Terms: Sendable, Hashable {
    public var loss: Double
    /// ∂L/∂r_c
    public var chosen: Double
    /// ∂L/∂r_r
    public var rejected: Double
  }

  /// The loss of a pair.
  ///
  /// - Parameters:
  ///   - chosen: r_c
  ///   - rejected: r_r
  ///   - own: The pair's own margin.
  public func terms(
    chosen: Double, rejected: Double, margin own: Double? = nil, isTie: Bool = false
  ) -> Terms {
    let difference = chosen - rejected - (isTie ? 0 : own ?? margin)
    let sum = chosen + rejected
    let loss =
      isTie
      ? (Self.softplus(-difference) + Self.softplus(difference)) / 2 : Self.softplus(-difference)
    let slope = Self.logistic(difference) - (isTie ? 0.5 : 1)
    let pull = 2 * centering * sum
    return Terms(
      loss: loss + centering * sum * sum, chosen: slope + pull, rejected: -slope + pull)
  }

  /// σ(z) = 1 / (1 + e^−z)
  static func logistic(_ z: Double) -> Double {
    let small = Double.exp(-abs(z))
    return z >= 0 ? 1 / (1 + small) : small / (1 + small)
  }

  /// log(1 + eᶻ) = −log σ(−z)
  static func softplus(_ z: Double) -> Double {
    max(z, 0) + Double.log(onePlus: Double.exp(-abs(z)))
  }
}
