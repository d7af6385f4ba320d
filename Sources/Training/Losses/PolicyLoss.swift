// What a loss is: from the log-probabilities of a response's tokens to coefficients and metrics.
import StrictJSON

/// A loss of policy-gradient learning, in a file of its own.
///
/// A loss sees one response at a time: log-probabilities of its scored tokens under the present policy,
/// the one that sampled them and, if asked, the reference; an advantage and a weight for each token. It
/// returns its value and its closed-form derivatives by the present log-probabilities; the model's
/// backward pass takes it from there. Weights have the denominators of the whole batch, so a loss is a
/// sum over tokens and does not depend on how a batch is cut.
public protocol PolicyLoss: Sendable {
  /// Reads the loss's own members of the key `loss`; absent ones are the preset's.
  ///
  /// - Throws: `JSONValueError` naming an out-of-range key.
  init(reading loss: inout JSONReader, for run: RunOutline) throws(JSONValueError)

  /// The loss without a key of its own in the configuration.
  init(for run: RunOutline)

  /// Its own members of the key `loss`, as they are read.
  var json: JSONObject { get }

  /// What it reports, as means over the tokens that take part.
  static var metrics: [LossMetric] { get }

  /// Whether it needs log-probabilities of the reference, the policy that training started from.
  var usesReference: Bool { get }

  /// Whether a token without an advantage has a gradient all the same, as under a penalty. Rollouts
  /// without a gradient are not taken through the backward pass.
  var movesWithoutAdvantage: Bool { get }

  /// The loss of one response.
  func terms(_ tokens: LossTokens) -> LossTerms
}

extension PolicyLoss {
  public static var metrics: [LossMetric] { [] }
  public var usesReference: Bool { false }
  public var movesWithoutAdvantage: Bool { false }
}

/// A metric of a loss or of an algorithm.
public struct LossMetric: Sendable, Hashable {
  public let name: String
  public let units: String
  public let longName: String

  public init(_ name: String, units: String = "1", _ longName: String) {
    self.name = name
    self.units = units
    self.longName = longName
  }
}

/// The scored tokens of one response, T of each.
public struct LossTokens: Sendable {
  /// log π(y_t | ·) of the present policy, in nats.
  public var logProbabilities: [Double]
  /// The same of the policy that sampled the response.
  public var old: [Double]
  /// The same of the reference; empty unless the loss uses it.
  public var reference: [Double]
  public var advantages: [Double]
  /// Weight of each token in the loss, the denominators of the batch included; 0 for tokens that take
  /// no part.
  public var weights: [Double]

  public init(
    logProbabilities: [Double], old: [Double], reference: [Double] = [], advantages: [Double],
    weights: [Double]
  ) {
    let count = logProbabilities.count
    precondition(
      old.count == count && advantages.count == count && weights.count == count
        && (reference.isEmpty || reference.count == count), "one value of each a token")
    self.logProbabilities = logProbabilities
    self.old = old
    self.reference = reference
    self.advantages = advantages
    self.weights = weights
  }
}

/// What a loss says of one response.
public struct LossTerms: Sendable {
  /// Σ_t weight_t · loss_t.
  public var loss = 0.0
  /// d loss / d log π(y_t | ·), one a token.
  public var coefficients: [Double] = []
  /// For each of the loss's `metrics`, the sum over tokens that take part.
  public var sums: [Double]

  /// Nothing yet, for a loss with so many metrics.
  public init(metricCount: Int, tokenCount: Int) {
    sums = Array(repeating: 0, count: metricCount)
    coefficients.reserveCapacity(tokenCount)
  }
}
