// Prompts and responses to measure any checkpoint with.
import KeyedRandom
import ModelCore
import Tasks

/// One response after its prompt and after the null context; both score the same tokens.
struct ExampleSequences: Sendable {
  let prompt: [Int32]
  let response: [Int32]
  let marginal: ScoredSequence
  let conditional: ScoredSequence

  /// Both as the two sides of an alignment.
  var pair: PackedSequences { PackedSequences(first: marginal, second: conditional) }

  /// Written solutions of held-out problems for the embedded task's vocabulary, random tokens of
  /// similar length for any other.
  static func make(
    _ count: Int, for configuration: ModelConfiguration, key: RandomKey
  ) -> [ExampleSequences] {
    let isCountdown = configuration.vocabularySize == CountdownVocabulary.count
    let corpus = CountdownCorpus(split: .heldOut, key: key)
    let nullContext = configuration.bosToken ?? configuration.eosTokens.first
    return (0..<count).map { index in
      let prompt: [Int32]
      let response: [Int32]
      if isCountdown {
        let document = corpus.document(index)
        (prompt, response) = (document.problem.prompt, document.response)
      } else {
        var random = key.derive(UInt64(index)).generator()
        let room = max(4, min(40, configuration.maximumPositions))
        let tokens = (0..<room).map { _ in
          Int32(random.uniform(below: configuration.vocabularySize))
        }
        (prompt, response) = (Array(tokens.prefix(room / 4)), Array(tokens.dropFirst(room / 4)))
      }
      return ExampleSequences(
        prompt, response, nullContext: nullContext.map { [Int32($0)] } ?? [])
    }
  }

  init(_ rollout: Rollout, nullContext: [Int32]) {
    self.init(rollout.promptTokens, rollout.responseTokens, nullContext: nullContext)
  }

  private init(_ prompt: [Int32], _ response: [Int32], nullContext: [Int32]) {
    self.prompt = prompt
    self.response = response
    let first = nullContext.isEmpty ? 1 : 0
    marginal = ScoredSequence(context: nullContext, response: response, firstScored: first)
    conditional = ScoredSequence(context: prompt, response: response, firstScored: first)
  }
}
