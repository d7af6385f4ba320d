// Small random policies, batches and configurations for the tests of training.
import KeyedRandom
import ModelCore
import StrictJSON
import Tasks
import TestSupport
import Testing
import Training

extension Transformer {
  /// A random model of the Countdown vocabulary with large weights; Float and Double get the same.
  static func tiny(label: UInt64 = 1) -> Transformer {
    let model = Transformer(
      ModelConfiguration(
        family: .qwen3, vocabularySize: CountdownVocabulary.count, hiddenSize: 8,
        feedForwardSize: 6, layerCount: 2, headCount: 2, keyValueHeadCount: 1, headDimension: 4,
        normEpsilon: 1e-6, ropeTheta: 100, tiedEmbeddings: true, maximumPositions: 128,
        bosToken: Int(CountdownVocabulary.bos), eosTokens: [Int(CountdownVocabulary.eos)],
        padToken: Int(CountdownVocabulary.pad)))
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

  /// A random model of the words of the desk. Nearly all of its turns are faults.
  static func tinyDesk() -> Transformer {
    let model = Transformer(
      ModelConfiguration(
        family: .qwen3, vocabularySize: DeskVocabulary.count, hiddenSize: 8, feedForwardSize: 6,
        layerCount: 1, headCount: 2, keyValueHeadCount: 1, headDimension: 4, normEpsilon: 1e-6,
        ropeTheta: 100, tiedEmbeddings: true, maximumPositions: 128,
        bosToken: Int(DeskVocabulary.bos), eosTokens: [Int(DeskVocabulary.eos)],
        padToken: Int(DeskVocabulary.pad)))
    model.initialize(RandomKey(seed: 2))
    return model
  }

  var values: [Scalar] {
    withParameters { buffer in buffer.withSpan { span in span.indices.map { span[$0] } } }
  }

  /// Moves the parameters by `scale` times a direction.
  func move(_ direction: [Double], by scale: Double) {
    withParameters { buffer in
      buffer.withMutableSpan { span in
        for place in span.indices { span[place] += Scalar(scale * direction[place]) }
      }
    }
  }
}

extension PolicyGradient {
  var values: [Double] {
    gradient.values.withSpan { span in span.indices.map { Double(span[$0]) } }
  }
}

/// Groups of random responses of different lengths with rewards 0 and 1, one group all wrong.
func randomGroups(_ count: Int, size: Int = 4, label: UInt64 = 5) -> [RolloutGroup] {
  (0..<count).map { group in
    var generator = RandomKey(seed: label).derive(UInt64(group)).generator()
    let problem = CountdownProblem.sample(
      .train, key: RandomKey(seed: label).derive(7, UInt64(group)))
    return RolloutGroup(
      (0..<size).map { sample in
        var response = (0..<1 + generator.uniform(below: 9)).map { _ in
          Int32(3 + generator.uniform(below: CountdownVocabulary.count - 3))
        }
        let ended = sample % 3 != 1
        if ended { response.append(CountdownVocabulary.eos) }
        return RewardedRollout(
          prompt: problem.prompt, response: response, ended: ended,
          reward: group == 1 ? 0 : Double((sample + group) % 2))
      })
  }
}

/// What a tiny policy is to a task.
struct TinyPlayer: TaskPlayer {
  let name = "tiny"
  let vocabularySize = CountdownVocabulary.count
  let maximumPositions = 128
  let startToken: Int32? = CountdownVocabulary.bos
  let specialTokens: Set<Int32> = [0, 1, 2]

  func encode(prompt: Prompt) -> [Int32] { [] }
  func encode(response: String) -> [Int32] { [] }
  func text(of prompt: Prompt) -> String { "" }
  func text(ofResponse tokens: [Int32]) -> String? { nil }

  func turnMarks() throws -> TurnMarks { throw NoTurns() }
  func turns(of conversation: Conversation) throws -> ConversationTurns { throw NoTurns() }
  struct NoTurns: Error {}
}

extension PolicyTraining {
  /// A run of a configuration on its task.
  convenience init(
    _ configuration: PolicyConfiguration, model: Transformer<Float>, threads: Int
  ) throws {
    let task = try configuration.task.open(
      for: TinyPlayer(), folder: ".", maximumNewTokens: configuration.maximumNewTokens)
    self.init(configuration, task: task, model: model, threads: threads)
  }
}

/// An algorithm from the text of its configuration's keys.
func algorithm(_ text: String, steps: Int = 20) throws -> any Algorithm {
  try configuration("\"steps\": \(steps), " + text).algorithm
}

/// A configuration from the members of its object.
func configuration(_ members: String) throws -> PolicyConfiguration {
  var reader = try JSONReader(JSON.parse("{\(members)}"))
  let configuration = try PolicyConfiguration(reading: &reader)
  try reader.finish()
  return configuration
}

/// One configuration of every algorithm, and of both spaces where it has the choice.
let everyAlgorithm = [
  #""algorithm": "grpo", "preset": "paper-code""#, #""algorithm": "prerl""#,
  #""algorithm": "nsr-prerl""#, #""algorithm": "psr-prerl", "preset": "paper-code""#,
  #""algorithm": "nsr-rl", "advantage": "raw""#, #""algorithm": "psr-rl", "advantage": "rloo""#,
  #""algorithm": "w-reinforce""#, #""algorithm": "reinforce++""#,
  #""algorithm": "reinforce++", "group_baseline": true"#, #""algorithm": "dsrl""#,
  #""algorithm": "drift", "space": "pre-train", "constant_advantage": -1"#,
  #""algorithm": "drift", "space": "post-train", "constant_advantage": 1"#,
  #""algorithm": "unlikelihood", "space": "pre-train""#,
  #""algorithm": "ppo", "preset": "vapo""#,
]
