// The exact value of a policy.

/// What a policy comes to with one stock, by the sum over everything the user may say.
///
/// The policy is a function of the belief: of the stock, the evidence and the turns that are left.
/// Beliefs with equal evidence are evaluated once. A policy that depends on more of the history, such
/// as its order or the note of the opening, has to be simulated instead.
public struct DeskEvaluation {
  /// An action and the probability with which the policy takes it.
  public typealias Choice = (action: DeskAction, probability: Double)

  public let model: DeskModel
  private let policy: (DeskBelief) -> [Choice]
  private var outcomes: [DeskEvidence: DeskOutcome] = [:]

  /// The evaluation of a stochastic policy, whose probabilities sum to 1 at every belief.
  public init(_ model: DeskModel, policy: @escaping (DeskBelief) -> [Choice]) {
    self.model = model
    self.policy = policy
  }

  /// The evaluation of a deterministic policy.
  public init(_ model: DeskModel, policy: @escaping (DeskBelief) -> DeskAction) {
    self.init(model) { [(policy($0), 1)] }
  }

  /// The expected outcome before the user's opening.
  public mutating func outcome() -> DeskOutcome {
    var sum = DeskOutcome()
    for (opening, probability) in model.openings {
      sum.add(outcome(from: model.belief(after: opening)), weight: probability)
    }
    return sum
  }

  /// The expected outcome of the turns from a belief on.
  public mutating func outcome(from belief: DeskBelief) -> DeskOutcome {
    precondition(belief.model === model, "an evaluation is of beliefs of its own model")
    if let outcome = outcomes[belief.evidence] { return outcome }
    var sum = DeskOutcome()
    for (action, share) in policy(belief) where share > 0 {
      for (reply, probability) in belief.replies(to: action) where probability > 0 {
        let weight = share * probability
        sum.add(DeskOutcome(action, reply, stock: model.stock), weight: weight)
        if let next = belief.observing(reply, to: action) {
          sum.add(outcome(from: next), weight: weight)
        }
      }
    }
    outcomes[belief.evidence] = sum
    return sum
  }
}
