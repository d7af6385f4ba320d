// What a policy is worth along its training, on problems that stay the same.
import Foundation
import KeyedRandom
import ModelCore
import Statistics
import Tasks
import Training

/// Evaluates policies on held-out problems, against the base that training started from.
struct PolicyEvaluator {
  /// Name, unit and meaning of every statistic; those of held-out problems have an interval over
  /// number sets.
  static let statistics: [(name: String, units: String, longName: String, hasInterval: Bool)] = [
    ("accuracy", "1", "share of right responses", true),
    ("transitions", "1", "transitions per response", true),
    ("reflections", "1", "reflections per response", true),
    ("response_length", "token", "length of a response", true),
    ("ended", "1", "share of responses that end in the end token", true),
    ("false_steps", "1", "share of written arithmetic steps that are false", true),
    ("kl_to_base", "nat", "estimated KL divergence of a response from the base", false),
    (
      "pretraining_loss", "nat", "loss per token on documents of the pretraining corpus", false
    ),
    (
      "expression_skew", "1",
      "total variation between the minus signs of first attempts and a uniform choice", false
    ),
    (
      "logp_right_marginal", "nat",
      "log-probability per token of the base's right responses after the null context", false
    ),
    (
      "logp_right_conditional", "nat",
      "log-probability per token of the base's right responses after their prompts", false
    ),
    (
      "logp_wrong_marginal", "nat",
      "log-probability per token of the base's wrong responses after the null context", false
    ),
    (
      "logp_wrong_conditional", "nat",
      "log-probability per token of the base's wrong responses after their prompts", false
    ),
  ]

  /// The statistics with the ends of their intervals, as they are written.
  static var variables: [(name: String, units: String, longName: String)] {
    statistics.flatMap { name, units, longName, hasInterval in
      [(name, units, longName)]
        + (hasInterval
          ? [
            (name + "_low", units, longName + ", lower end of the 95% interval"),
            (name + "_high", units, longName + ", upper end of the 95% interval"),
          ] : [])
    }
  }

  private let configuration: PolicyConfiguration
  private let threads: Int
  private let base: Transformer<Float>
  private let problems: [CountdownProblem]
  /// Rollouts of the base, which later policies score.
  private let baseResponses: [SampledResponse]
  private let documents: [ScoredSequence]

  /// Samples the base on the held-out problems: draws that neither seed nor run changes.
  init(_ configuration: PolicyConfiguration, base: Transformer<Float>, threads: Int) throws {
    self.configuration = configuration
    self.base = base
    self.threads = threads
    problems = SamplingProblem.heldOut(configuration.evaluationProblems, configuration.task)
      .compactMap(\.countdown)
    baseResponses = try Self.sample(configuration, base, problems, step: 0, threads: threads)
    let corpus = CountdownCorpus(
      configuration.task, key: RandomKey(seed: 0).derive("evaluation documents"))
    documents = (0..<512).map { index in
      let tokens = corpus.document(index).tokens
      return ScoredSequence(context: [tokens[0]], response: Array(tokens.dropFirst()))
    }
  }

  private static func sample(
    _ configuration: PolicyConfiguration, _ model: Transformer<Float>,
    _ problems: [CountdownProblem], step: Int, threads: Int
  ) throws -> [SampledResponse] {
    let key = RandomKey(seed: configuration.seed).derive("evaluation").derive(UInt64(step))
    var responses: [SampledResponse] = []
    try model.sample(
      problems.enumerated().map {
        SamplingRequest(prompt: $1.prompt, key: key.derive(UInt64($0)))
      },
      options: SamplingOptions(
        maximumNewTokens: configuration.maximumNewTokens, temperature: configuration.temperature,
        endTokens: model.configuration.eosTokens.map { Int32($0) }), threads: threads,
      consume: { responses.append($1) })
    return responses
  }

  /// The statistics of the policy after a step; at step 0 the policy is the base.
  func evaluate(_ model: Transformer<Float>, step: Int) throws -> [Interval] {
    let responses =
      step == 0
      ? baseResponses
      : try Self.sample(configuration, model, problems, step: step, threads: threads)
    return heldOut(responses)
      + (try scores(model, responses).map { Interval(withoutInterval: $0) })
  }

  private func rewards(_ responses: [SampledResponse]) -> [Double] {
    zip(responses, problems).map { CountdownVerifier.verify($0.tokens, of: $1).reward }
  }

  private func heldOut(_ responses: [SampledResponse]) -> [Interval] {
    let clusters = problems.map(\.cluster)
    let bootstrap = BootstrapT(key: RandomKey(seed: configuration.seed).derive("bootstrap"))
    func mean(
      _ values: [Double], weights: [Double]? = nil, atMost limit: Double = .infinity
    ) -> Interval {
      ClusteredSample(values, clusters: clusters, weights: weights).mean(bootstrap)
        .within(0...limit)
    }
    let moves = zip(responses, problems).map { CountdownMoves($0.tokens, of: $1) }
    return [
      mean(rewards(responses), atMost: 1), mean(moves.map { Double($0.transitions) }),
      mean(moves.map { Double($0.reflections) }), mean(responses.map { Double($0.tokens.count) }),
      mean(responses.map { $0.ended ? 1 : 0 }, atMost: 1),
      // Every step weighs the same; a response without steps has no share.
      mean(moves.map(\.falseStepShare), weights: moves.map { Double($0.steps) }, atMost: 1),
    ]
  }

  private func scores(
    _ model: Transformer<Float>, _ responses: [SampledResponse]
  ) throws -> [Double] {
    // Where it is drawn for each problem, the marginal is that of a bare document.
    let nullContext = configuration.algorithm.loss.nullContext.tokens ?? [CountdownVocabulary.bos]
    func sequences(_ responses: [SampledResponse], prompted: Bool) -> [ScoredSequence] {
      zip(problems, responses).map {
        ScoredSequence(
          context: prompted ? $0.prompt : nullContext,
          response: $1.tokens)
      }
    }
    let scorer = SequenceScorer(model)
    let own = sequences(responses, prompted: true)
    let ownScores = try scorer.logProbabilities(own, threads: threads)
    let baseScores = try SequenceScorer(base).logProbabilities(own, threads: threads)
    func perToken(_ sequences: [ScoredSequence]) throws -> Double {
      let total = try scorer.logProbabilities(sequences, threads: threads).reduce(0, +)
      return total / Double(sequences.reduce(0) { $0 + $1.scoredCount })
    }
    let baseRewards = rewards(baseResponses)
    func ofBase(right: Bool, prompted: Bool) throws -> Double {
      try perToken(
        zip(sequences(baseResponses, prompted: prompted), baseRewards)
          .filter { ($0.1 == 1) == right && $0.0.scoredCount > 0 }.map(\.0))
    }
    return [
      // y ~ π(·|x): the mean of log π − log π_base is unbiased.
      zip(ownScores, baseScores).reduce(0) { $0 + $1.0 - $1.1 } / Double(responses.count),
      -(try perToken(documents)),
      ExpressionSkew.measure(zip(problems, responses.map(\.tokens))),
      try ofBase(right: true, prompted: false), try ofBase(right: true, prompted: true),
      try ofBase(right: false, prompted: false), try ofBase(right: false, prompted: true),
    ]
  }
}
