// What sampling does to an evaluation's accuracy.
import KeyedRandom
import ModelCore
import Tasks
import Testing
import Training

/// Countdown's problems with a reward for a first token below 20, so that a random policy is right now and
/// then.
private struct FirstTokenTask: PolicyTask {
  private let countdown = CountdownTask(.three)
  var longestPrompt: Int { countdown.longestPrompt }
  var documentStart: [Int32] { countdown.documentStart }
  var ordinaryTokens: [Int32] { countdown.ordinaryTokens }
  /// A loss on documents has no part in this.
  var documents: [[Int32]] { Array(countdown.documents.prefix(1)) }

  func draw(key: RandomKey) -> TaskProblem { countdown.draw(key: key) }
  func heldOut(_ count: Int) -> [TaskProblem] { countdown.heldOut(count) }

  func verify(
    _ responses: [TaskResponse], shouldStop: @Sendable () -> Bool
  ) throws -> [Verification?] {
    responses.map {
      Verification(($0.tokens.first ?? 99) < 20 ? .correct : .wrong, reason: "first token")
    }
  }
}

@Suite struct EvaluationNoiseTests {
  private static func evaluate(seed: Int, samples: Int) throws -> (accuracy: Double, noise: Double)
  {
    let settings = try configuration(
      #""algorithm": "grpo", "steps": 1, "seed": \#(seed), "evaluation_problems": 12, "#
        + #""evaluation_samples": \#(samples), "max_new_tokens": 2"#)
    let base = Transformer<Float>.tiny()
    let values = try PolicyEvaluator(settings, FirstTokenTask(), base: base, threads: 1)
      .evaluate(base, step: 0)
    func value(_ name: String) -> Double {
      values.first { $0.column.name == name }?.interval.estimate ?? .nan
    }
    return (value("accuracy"), value("accuracy_noise"))
  }

  /// Accuracies of one policy on the same problems differ between seeds as its evaluations say.
  @Test func noiseIsTheDeviationOverSeeds() throws {
    let runs = try (0..<200).map { try Self.evaluate(seed: $0, samples: 4) }
    let mean = runs.reduce(0) { $0 + $1.accuracy } / 200
    #expect((0.1...0.9).contains(mean), "\(mean)")
    let seen = runs.reduce(0) { $0 + ($1.accuracy - mean) * ($1.accuracy - mean) } / 199
    let told = runs.reduce(0) { $0 + $1.noise * $1.noise } / 200
    // The variance of 200 normal numbers has a relative standard deviation of .1.
    #expect((0.7...1.4).contains(seen / told), "\(seen) and \(told)")
  }

  @Test func oneResponseAProblemTellsNoNoise() throws {
    let one = try Self.evaluate(seed: 1, samples: 1)
    #expect(one.accuracy.isFinite && one.noise.isNaN)
  }
}
