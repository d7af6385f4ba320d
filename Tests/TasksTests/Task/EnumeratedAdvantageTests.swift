import Foundation
import KeyedRandom
import Tasks
import TestSupport
import Testing

/// Advantages against the exact policy gradient of a policy with 3 words and 3 steps: all 27 sequences are
/// enumerated.
@Suite struct EnumeratedAdvantageTests {
  private static let words = 3
  private static let depth = 3

  /// A table of logits for each prefix, and a reward for each sequence.
  private struct Process {
    var logits: [[Int]: [Double]] = [:]
    var rewards: [[Int]: Double] = [:]

    init(label: UInt64) {
      var generator = RandomKey(seed: label).generator()
      for prefix in Self.prefixes {
        logits[prefix] = (0..<words).map { _ in generator.normal() }
      }
      for sequence in Self.sequences { rewards[sequence] = generator.normal() }
    }

    static func sequences(_ length: Int) -> [[Int]] {
      (0..<length).reduce([[]]) { found, _ in
        found.flatMap { prefix in (0..<words).map { prefix + [$0] } }
      }
    }
    static var sequences: [[Int]] { sequences(depth) }
    static var prefixes: [[Int]] { (0..<depth).flatMap { sequences($0) } }

    func policy(_ prefix: [Int]) -> [Double] {
      let odds = (logits[prefix] ?? []).map { exp($0) }
      return odds.map { $0 / odds.reduce(0, +) }
    }

    func probability(_ sequence: [Int]) -> Double {
      sequence.indices.reduce(1) { $0 * policy(Array(sequence[..<$1]))[sequence[$1]] }
    }

    var expectedReward: Double {
      Self.sequences.reduce(0) { $0 + probability($1) * (rewards[$1] ?? 0) }
    }

    /// V of a prefix: the expected reward from it on.
    func value(_ prefix: [Int]) -> Double {
      if prefix.count == depth { return rewards[prefix] ?? 0 }
      return policy(prefix).enumerated().reduce(0) { $0 + $1.element * value(prefix + [$1.offset]) }
    }

    /// ∇J by central differences, over the logits of all prefixes.
    func gradient() -> [Double] {
      Self.prefixes.flatMap { prefix in
        (0..<words).map { word in
          func moved(_ step: Double) -> Double {
            var process = self
            process.logits[prefix]?[word] += step
            return process.expectedReward
          }
          return (8 * (moved(1e-3) - moved(-1e-3)) - (moved(2e-3) - moved(-2e-3))) / 12e-3
        }
      }
    }

    /// Σ_y π(y) Σ_t A_t(y) ∇log π(y_t | y_<t).
    func gradient(advantages: ([Int]) -> [Double]) -> [Double] {
      var sums = Dictionary(
        uniqueKeysWithValues: Self.prefixes.map { ($0, [Double](repeating: 0, count: words)) })
      for sequence in Self.sequences {
        let weight = probability(sequence)
        for (t, advantage) in advantages(sequence).enumerated() {
          let prefix = Array(sequence[..<t])
          for (word, probability) in policy(prefix).enumerated() {
            let slope = (word == sequence[t] ? 1 : 0) - probability
            sums[prefix]?[word] += weight * advantage * slope
          }
        }
      }
      return Self.prefixes.flatMap { sums[$0] ?? [] }
    }

    /// The advantages of a sequence whose reward comes at its end, with some values.
    func advantages(
      _ sequence: [Int], lambda: Double, value: ([Int]) -> Double
    ) -> [Double] {
      var earned = [Double](repeating: 0, count: depth)
      earned[depth - 1] = rewards[sequence] ?? 0
      return GeneralizedAdvantage(discount: 1, lambda: lambda).advantages(
        rewards: earned, values: sequence.indices.map { value(Array(sequence[..<$0])) })
    }
  }

  @Test(arguments: [0, 0.5, 0.95, 1]) func exactValuesGiveThePolicyGradientAtEveryLambda(
    lambda: Double
  ) {
    let process = Process(label: 3)
    let found = process.gradient { process.advantages($0, lambda: lambda, value: process.value) }
    expectClose(found, process.gradient(), absolute: 1e-10)
  }

  @Test func wrongValuesDoSoAtLambdaOneOnly() {
    let process = Process(label: 4)
    let wrong = Process(label: 5)
    let exact = process.gradient()
    expectClose(
      process.gradient { process.advantages($0, lambda: 1, value: wrong.value) }, exact,
      absolute: 1e-10)
    // At λ = 0 the policy is improved for the wrong values: E[Q̂(s, a) ∇log π(a|s)] with
    // Q̂ = V̂(s'), and the reward at the last step.
    let biased = process.gradient { process.advantages($0, lambda: 0, value: wrong.value) }
    let predicted = process.gradient { sequence in
      sequence.indices.map { t in
        t + 1 < Self.depth
          ? wrong.value(Array(sequence[...t])) : process.rewards[sequence] ?? 0
      }
    }
    expectClose(biased, predicted, absolute: 1e-12)
    #expect(zip(biased, exact).contains { abs($0 - $1) > 0.01 })
  }

  @Test(arguments: [0, 0.7, 1]) func exactValuesLeaveNoAdvantageInExpectation(lambda: Double) {
    let process = Process(label: 6)
    for prefix in Process.prefixes {
      let mean = Process.sequences.filter { $0.starts(with: prefix) }.reduce(0) { sum, sequence in
        let advantages = process.advantages(sequence, lambda: lambda, value: process.value)
        return sum + process.probability(sequence) * advantages[prefix.count]
      }
      expectClose(mean, 0, absolute: 1e-12)
    }
  }

  /// r + γ Φ(s') − Φ(s) with V − Φ has the same δ: shaping is a baseline.
  @Test func shapingWithTheShapedValueChangesNoAdvantage() {
    let process = Process(label: 7)
    let potential = Process(label: 8)
    let sequence = [2, 0, 1]
    let plain = process.advantages(sequence, lambda: 0.6, value: process.value)
    var rewards = [0, 0, process.rewards[sequence] ?? 0]
    var values: [Double] = []
    for t in sequence.indices {
      let state = Array(sequence[..<t])
      let next = t + 1 < Self.depth ? potential.value(Array(sequence[...t])) : 0
      rewards[t] += next - potential.value(state)
      values.append(process.value(state) - potential.value(state))
    }
    expectClose(
      GeneralizedAdvantage(discount: 1, lambda: 0.6).advantages(rewards: rewards, values: values),
      plain, absolute: 1e-12)
  }
}
