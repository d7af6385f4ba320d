import Foundation
import KeyedRandom
import ModelCore
import Synchronization
import TestSupport
import Testing

@Suite struct SamplingTests {
  private static let model = Transformer<Float>.random(
    Shape(family: .qwen3, tied: true).configuration())

  /// Requests with prompts of several lengths; one in 20 is long.
  private static func requests(_ count: Int) -> [SamplingRequest] {
    (0..<count).map { index in
      let prompt = ScoredSequence.random(
        context: index % 20 == 19 ? 30 : 1 + index % 4, response: 0, vocabulary: 11,
        label: UInt64(index)
      ).context
      return SamplingRequest(prompt: prompt, key: RandomKey(seed: 5).derive(UInt64(index)))
    }
  }

  private static func sample<Scalar: ModelScalar>(
    _ model: Transformer<Scalar>, _ requests: [SamplingRequest], _ options: SamplingOptions,
    threads: Int = 2
  ) throws -> [SampledResponse] {
    var responses: [SampledResponse] = []
    let done = try model.sample(requests, options: options, threads: threads) { index, response in
      #expect(index == responses.count, "in order")
      responses.append(response)
    }
    #expect(done == requests.count)
    return responses
  }

  private static let options = SamplingOptions(maximumNewTokens: 12, endTokens: [2])

  @Test func responsesDependOnTheirRequestsAlone() throws {
    let block = Self.model.samplingBlock
    #expect(block == 32)
    let all = try Self.sample(Self.model, Self.requests(150), Self.options, threads: 1)
    #expect(Set(all).count > 100, "responses differ")
    for threads in [1, 2, 3] {
      let again = try Self.sample(Self.model, Self.requests(150), Self.options, threads: threads)
      #expect(again == all, "\(threads) threads")
    }
    // Requests that come later, in the same stream or in further ones, change nothing before them.
    for count in [1, 7, 32, 33, 64, 65, 128, 129, 149] {
      let fewer = try Self.sample(Self.model, Self.requests(count), Self.options)
      #expect(fewer == Array(all[..<count]), "\(count) requests")
    }
  }

  @Test func temperaturesTooSmallToDivideByAreGreedy() throws {
    var options = Self.options
    options.temperature = 0
    let greedy = try Self.sample(Self.model, Self.requests(20), options)
    for temperature in [1e-300, 1e-40, 1e-30] {
      options.temperature = temperature
      #expect(
        try Self.sample(Self.model, Self.requests(20), options) == greedy, "\(temperature)")
    }
  }

  @Test(arguments: [0.0, 1.0]) func logitsThatAreNotFiniteAreAnError(temperature: Double) throws {
    let model = Transformer<Float>.random(Shape(family: .qwen3, tied: true).configuration())
    let norm = try #require(model.layout.parameters.first { $0.name == "model.norm.weight" })
    model.withParameters { $0.withMutableSpan { span in span[norm.offset] = .nan } }
    var options = Self.options
    options.temperature = temperature
    let error = #expect(throws: NonFiniteError.self) {
      try Self.sample(model, Self.requests(3), options)
    }
    #expect(error?.what == "a logit of token 0 of sample 0")
  }

  @Test func anotherKeyGivesAnotherResponse() throws {
    let same = SamplingRequest(prompt: [1], key: RandomKey(seed: 1))
    let other = SamplingRequest(prompt: [1], key: RandomKey(seed: 2))
    let options = SamplingOptions(maximumNewTokens: 40, endTokens: [])
    let responses = try Self.sample(Self.model, [same, same, other], options)
    #expect(responses[0] == responses[1])
    #expect(responses[0] != responses[2])
  }

  @Test func responsesEndWithAnEndTokenOrRunOutOfRoom() throws {
    let responses = try Self.sample(
      Self.model, Self.requests(150), SamplingOptions(maximumNewTokens: 5, endTokens: [2, 7]))
    for response in responses {
      let ends = response.tokens.map { $0 == 2 || $0 == 7 }
      #expect(1...5 ~= response.tokens.count)
      #expect(ends.dropLast().allSatisfy { !$0 }, "nothing follows an end token")
      #expect(response.ended == ends.last)
      #expect(response.ended || response.tokens.count == 5)
      #expect(response.tokens.allSatisfy { 0..<11 ~= $0 })
    }
    #expect(responses.contains { $0.ended && $0.tokens.count < 5 })
    #expect(responses.contains { $0.ended && $0.tokens.count == 5 })
    #expect(responses.contains { !$0.ended })
  }

  /// An end token inside the prompt is only a token.
  @Test func promptsMayHoldEndTokens() throws {
    let request = SamplingRequest(prompt: [2, 5, 2], key: RandomKey(seed: 1))
    let options = SamplingOptions(maximumNewTokens: 3, endTokens: [2])
    let response = try Self.sample(Self.model, [request], options)[0]
    #expect(!response.tokens.isEmpty)
  }

  /// log π(v | prompt) of every token v.
  private static func distribution<Scalar: ModelScalar>(
    _ model: Transformer<Scalar>, after prompt: [Int32]
  ) -> [Double] {
    let workspace = Workspace(model)
    return (0..<model.configuration.vocabularySize).map { token in
      let sequence = ScoredSequence(context: prompt, response: [Int32(token)])
      return workspace.score(PackedSequences([sequence])).logProbabilities[0]
    }
  }

  @Test func temperatureZeroTakesTheLikeliestToken() throws {
    let options = SamplingOptions(maximumNewTokens: 10, temperature: 0, endTokens: [])
    let requests = Self.requests(6)
    for (request, response) in zip(requests, try Self.sample(Self.model, requests, options)) {
      var text = request.prompt
      for token in response.tokens {
        let values = Self.distribution(Self.model, after: text)
        #expect(values[Int(token)] == values.max())
        text.append(token)
      }
      #expect(response.tokens.count == 10)
    }
  }

  /// Pearson's statistic of 20,000 first tokens against softmax(logits / temperature): 11 tokens
  /// leave 10 degrees of freedom, whose 99.99% quantile is 35.6. The key is fixed.
  @Test(arguments: [1, 0.6, 2]) func frequenciesMatchTheDistribution(temperature: Double) throws {
    func check<Scalar: ModelScalar>(_ type: Scalar.Type) throws {
      let model = Transformer<Scalar>.random(Shape(family: .llama, tied: true).configuration())
      let prompt: [Int32] = [1, 4, 9]
      let weights = Self.distribution(model, after: prompt).map { exp($0 / temperature) }
      let total = weights.reduce(0, +)
      let count = 20_000
      let requests = (0..<count).map {
        SamplingRequest(prompt: prompt, key: RandomKey(seed: 3).derive(UInt64($0)))
      }
      var seen = [Double](repeating: 0, count: weights.count)
      let options = SamplingOptions(
        maximumNewTokens: 1, temperature: temperature, endTokens: [])
      for response in try Self.sample(model, requests, options) {
        seen[Int(response.tokens[0])] += 1
      }
      let expected = weights.map { $0 / total * Double(count) }
      try #require(expected.allSatisfy { $0 > 5 }, "rare tokens spoil the statistic")
      let statistic = zip(seen, expected).reduce(0) { sum, pair in
        sum + (pair.0 - pair.1) * (pair.0 - pair.1) / pair.1
      }
      #expect(statistic < 35.6, "\(type)")
    }
    try check(Float.self)
    try check(Double.self)
  }

  /// Later tokens are drawn from the distribution after the earlier ones: their mean surprise is
  /// the mean entropy.
  @Test func laterTokensFollowTheirConditionalDistribution() throws {
    let options = SamplingOptions(maximumNewTokens: 6, endTokens: [])
    let requests = (0..<1000).map {
      SamplingRequest(prompt: [1], key: RandomKey(seed: 8).derive(UInt64($0)))
    }
    let responses = try Self.sample(Self.model, requests, options)
    let workspace = Workspace(Self.model)
    var differences: [Double] = []
    for response in responses {
      let scores = workspace.score(
        PackedSequences([ScoredSequence(context: [1], response: response.tokens)]))
      differences += zip(scores.logProbabilities, scores.entropies).map { $0 + $1 }
    }
    let mean = differences.reduce(0, +) / Double(differences.count)
    let variance = dotProduct(differences, differences) / Double(differences.count)
    // A martingale: within four standard errors of 0.
    #expect(abs(mean) < 4 * (variance / Double(differences.count)).squareRoot())
  }

  @Test func stoppingEndsAtABlock() throws {
    let stop = Mutex(false)
    var consumed = 0
    let done = try Self.model.sample(
      Self.requests(640), options: Self.options, threads: 1,
      shouldStop: { stop.withLock { $0 } },
      consume: { index, _ in
        consumed = index + 1
        if index == 100 { stop.withLock { $0 = true } }
      })
    #expect(done == consumed)
    #expect(done % 64 == 0 && 128..<640 ~= done)
  }
}
