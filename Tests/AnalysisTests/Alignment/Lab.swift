// Tiny models of every family with rollouts of every kind, and what the reference says of them.
import Foundation
import KeyedRandom
import ModelCore
import Synchronization
import Tasks
import Testing

/// One family's model.
enum Family: String, CaseIterable, CustomTestStringConvertible {
  case qwen3Tied
  case qwen2Untied
  case llamaTied

  var testDescription: String { rawValue }

  /// 2 layers, two query heads on one key/value head. The norms' ε is large, so that no row of 4 numbers
  /// comes near 0, where the model bends too much for difference quotients.
  var configuration: ModelConfiguration {
    ModelConfiguration(
      family: self == .qwen3Tied ? .qwen3 : self == .qwen2Untied ? .qwen2 : .llama,
      vocabularySize: Lab.vocabulary, hiddenSize: 4, feedForwardSize: 5, layerCount: 2,
      headCount: 2, keyValueHeadCount: 1, headDimension: 4, normEpsilon: 0.1, ropeTheta: 500,
      ropeScaling: self == .llamaTied
        ? .llama3(
          .init(
            factor: 4, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaximumPositions: 64))
        : nil,
      tiedEmbeddings: self != .qwen2Untied, maximumPositions: 64, bosToken: 1,
      eosTokens: [Int(Lab.end)], padToken: 0)
  }

  var lab: Lab {
    switch self {
    case .qwen3Tied: Lab.qwen3
    case .qwen2Untied: Lab.qwen2
    case .llamaTied: Lab.llama
    }
  }
}

/// A model, its rollouts and what the reference says of them.
struct Lab: Sendable {
  static let vocabulary = 11
  static let end: Int32 = 2
  /// Size of the final norm's weights: predictions from nearly sure to unsure.
  private static let sharpness = 3.0
  /// Null contexts: several tokens, none, and one more for the sweep.
  static let contexts: [[Int32]] = [[1, 4], [], [9]]

  let model: Transformer<Double>
  /// The same numbers in single precision.
  let single: Transformer<Float>
  /// Another model of the same shape.
  let untrained: Transformer<Double>
  let reference: Reference
  let untrainedReference: Reference
  let rollouts: [Rollout]
  private let tables = Tables()

  /// Tables are dear: each is made once.
  private final class Tables: Sendable {
    let known = Mutex<[Continuation: TokenTable]>([:])
  }

  static let qwen3 = Lab(.qwen3Tied)
  static let qwen2 = Lab(.qwen2Untied)
  static let llama = Lab(.llamaTied)

  private init(_ family: Family) {
    let configuration = family.configuration
    model = Self.model(configuration, Double.self, seed: 11)
    single = Self.model(configuration, Float.self, seed: 11)
    untrained = Self.model(configuration, Double.self, seed: 12)
    reference = Reference(model)
    untrainedReference = Reference(untrained)
    rollouts = Self.rollouts(reference)
    prepare(
      rollouts.flatMap { rollout in
        (Self.contexts + [rollout.promptTokens]).map {
          Continuation(context: $0, response: rollout.responseTokens)
        }
      })
  }

  /// Random weights large enough for confident and unsure predictions alike; norm weights and biases
  /// away from 1 and 0. Both precisions hold the same numbers.
  private static func model<Scalar: ModelScalar>(
    _ configuration: ModelConfiguration, _: Scalar.Type, seed: UInt64
  ) -> Transformer<Scalar> {
    let model = Transformer<Scalar>(configuration)
    model.withParameters { buffer in
      buffer.withMutableSpan { span in
        for (index, parameter) in model.layout.parameters.enumerated() {
          var random = RandomKey(seed: seed).derive(UInt64(index)).generator()
          let isBias = parameter.name.hasSuffix("bias")
          let scale = parameter.isMatrix ? 1.6 / Double(parameter.shape[1]).squareRoot() : 0.3
          for place in parameter.range {
            let isFinal = parameter.name == "model.norm.weight"
            let center: Double = parameter.isMatrix || isBias ? 0 : isFinal ? sharpness : 1
            span[place] = Scalar(Float(center + scale * random.normal()))
          }
        }
      }
    }
    return model
  }

  /// Problems that differ in every way that the controls look at: two problems of one cluster, two
  /// problems with one prompt, names that are equal to Swift's `==` and differ in bytes, prompts of one
  /// token and without a start token, a group of equal rewards and a group of one.
  private static let problems:
    [(name: String, cluster: String?, prompt: [Int32], rewards: [Double])] = [
      ("a", nil, [1, 5], [1, 0]),
      ("b", nil, [1, 6, 3], [0, 1, 0]),
      ("c1", "c", [1, 7, 7, 4], [1, 0]),
      ("c2", "c", [8, 3], [0.5, 1]),
      ("d", nil, [1, 5], [0, 1]),
      ("\u{E9}", nil, [1, 9], [1, 1]),
      ("e\u{301}", nil, [10, 4, 6], [0, 1]),
      ("g", nil, [1, 3, 8], [1, 0, 0]),
      ("h", nil, [4], [1, 0]),
      ("i", nil, [1, 10, 2], [0, 0, 1]),
      ("j", nil, [1, 8], [0.25]),
      ("k", nil, [1, 4, 9], [1, 0]),
    ]

  /// Responses of 1 to 18 tokens, partly what the model would say and partly random; every other one
  /// ends with the end token.
  private static func rollouts(_ reference: Reference) -> [Rollout] {
    var rollouts: [Rollout] = []
    for problem in problems {
      for reward in problem.rewards {
        let number = rollouts.count
        var random = RandomKey(seed: 7).derive(UInt64(number)).generator()
        var response: [Int32] = []
        // One response of one token, which is not scored without a context, and a long one.
        let length = number == 19 ? 1 : number == 21 ? 18 : 2 + number % 4
        while response.count < length {
          var token = Int32(random.uniform(below: vocabulary))
          if random.bernoulli(0.6) {
            let logs = reference.logs(
              (0..<Int32(vocabulary)).map {
                Continuation(context: problem.prompt + response, response: [$0])
              })
            token = Int32(logs.indices.max { logs[$0][0] < logs[$1][0] } ?? 0)
          }
          response.append(token)
        }
        if number % 2 == 0 { response.append(end) }
        rollouts.append(
          Rollout(
            id: "\(number)", problemID: problem.name, cluster: problem.cluster,
            promptTokens: problem.prompt, responseTokens: response, reward: reward))
      }
    }
    return rollouts
  }

  /// The rollouts that a null context allows.
  func rollouts(for nullContext: [Int32]) -> [Rollout] {
    nullContext.isEmpty ? rollouts.filter { $0.responseTokens.count > 1 } : rollouts
  }

  /// Makes many tables at once, which is much faster than one by one.
  func prepare(_ continuations: [Continuation]) {
    let known = tables.known.withLock { Set($0.keys) }
    let missing = Array(Set(continuations).subtracting(known))
    if missing.isEmpty { return }
    let made = reference.tables(missing)
    tables.known.withLock { $0.merge(made) { old, _ in old } }
  }

  /// The reference's table of a response after a context.
  func table(_ context: [Int32], _ response: [Int32]) -> TokenTable {
    let one = Continuation(context: context, response: response)
    prepare([one])
    return tables.known.withLock { $0[one] } ?? TokenTable(logs: [], gradients: [])
  }
}
