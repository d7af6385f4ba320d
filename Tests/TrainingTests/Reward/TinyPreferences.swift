// Small reward models and pairs for the tests of their training.
import KeyedRandom
import ModelCore
import StrictJSON
import Tasks
import Testing
import Training

extension Transformer {
  /// A random reward model of the Countdown vocabulary with large weights; Float and Double get the
  /// same.
  static func tinyReward(label: UInt64 = 1) -> Transformer {
    var configuration = Transformer.tiny(label: label).configuration
    configuration.head = .reward
    let model = Transformer(configuration)
    model.withParameters { buffer in
      buffer.withMutableSpan { span in
        for (index, parameter) in model.layout.parameters.enumerated() {
          var generator = RandomKey(seed: label).derive(UInt64(index)).generator()
          for place in parameter.range {
            span[place] = Scalar(
              Float((parameter.isMatrix ? 0 : 1) + 0.4 * generator.normal()))
          }
        }
      }
    }
    return model
  }
}

/// Random pairs of different lengths; every fifth is a tie, every third has a margin of its own.
func randomPairs(_ count: Int, label: UInt64 = 3) -> [PreferencePair] {
  (0..<count).map { index in
    var generator = RandomKey(seed: label).derive(UInt64(index)).generator()
    func tokens(_ most: Int) -> [Int32] {
      (0..<1 + generator.uniform(below: most)).map { _ in
        Int32(2 + generator.uniform(below: CountdownVocabulary.count - 2))
      }
    }
    let isTie = index % 5 == 4
    return PreferencePair(
      id: "pair \(index)", cluster: "cluster \(index / 2)", promptTokens: [1] + tokens(5),
      chosenTokens: tokens(9), rejectedTokens: tokens(9),
      margin: !isTie && index % 3 == 0 ? 0.5 : nil, isTie: isTie)
  }
}

/// Pairs by a simple rule: a response that contains the word 30 is better than one that has 31 in its place.
func rulePairs(_ count: Int, label: UInt64 = 8) -> [PreferencePair] {
  (0..<count).map { index in
    var generator = RandomKey(seed: label).derive(UInt64(index)).generator()
    var better = (0..<6).map { _ in Int32(10 + generator.uniform(below: 10)) }
    var worse = (0..<6).map { _ in Int32(10 + generator.uniform(below: 10)) }
    better[generator.uniform(below: 6)] = 30
    worse[generator.uniform(below: 6)] = 31
    return PreferencePair(
      id: "pair \(index)", cluster: "cluster \(index)",
      promptTokens: [1, Int32(3 + generator.uniform(below: 5))], chosenTokens: better,
      rejectedTokens: worse)
  }
}

/// A configuration from the members of its object beside `algorithm` and `pairs`.
func rewardConfiguration(_ members: String) throws -> RewardConfiguration {
  var reader = try JSONReader(
    JSON.parse(#"{"algorithm": "reward-model", "pairs": "pairs.jsonl", \#(members)}"#))
  let configuration = try RewardConfiguration(reading: &reader)
  try reader.finish()
  return configuration
}
