import Analysis
import Runs
import Statistics
import Tasks
import TestSupport
import Testing

@Suite struct RankingRunTests {
  /// Eight clusters of one group each, so that every part is one cluster, however they are dealt.
  private static let rollouts = Lab.qwen3.rollouts.filter {
    ["a", "b", "d", "e\u{301}", "g", "h", "i", "k"].map { Array($0.utf8) }
      .contains(Array($0.problemID.utf8))
  }

  private static let heldOut = rollouts.map { rollout in
    var other = rollout
    other.problemID = "other " + rollout.problemID
    other.cluster = "other " + rollout.cluster
    return other
  }

  private static var options: AlignmentOptions {
    AlignmentOptions(nullContext: NullContext(name: "n", tokens: Lab.contexts[0]))
  }

  private static func ranking(marginal: Bool = false, threads: Int = 1) throws -> RolloutRanking {
    var run = RankingRun(
      rollouts, against: heldOut, options: options, model: Lab.qwen3.model)
    run.isMarginal = marginal
    run.threads = threads
    return try #require(try run.run())
  }

  /// Rollouts of each problem.
  private static let groups = Dictionary(grouping: rollouts.indices) {
    Array(rollouts[$0].problemID.utf8)
  }.values.map { $0.sorted() }

  /// Σ_t ∇ log π(y_t | ·) of each rollout.
  private static func gradients(marginal: Bool) -> [[Double]] {
    let lab = Lab.qwen3
    return rollouts.map { rollout in
      let table = lab.reference.backwardTable(
        Continuation(
          context: marginal ? Lab.contexts[0] : rollout.promptTokens,
          response: rollout.responseTokens))
      let ones = [Double](repeating: 1, count: rollout.responseTokens.count)
      return combination(table.gradients, ones, count: lab.model.layout.count)
    }
  }

  private static func product(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  @Test(arguments: [false, true])
  func scoresAreProductsWithTheHeldOutPolicyGradient(marginal: Bool) throws {
    let own = Self.gradients(marginal: marginal)
    let after = Self.gradients(marginal: false)
    let count = Lab.qwen3.model.layout.count
    func reward(_ index: Int) -> Double { Self.rollouts[index].reward ?? .nan }
    var advantages = [Double](repeating: 0, count: Self.rollouts.count)
    var parts: [[Double]] = []
    var moments = [Double](repeating: 0, count: count)
    for group in Self.groups {
      let size = Double(group.count)
      let mean = group.reduce(0) { $0 + reward($1) } / size
      for index in group { advantages[index] = reward(index) - mean }
      func sum(_ gradients: [[Double]], _ scale: Double) -> [Double] {
        (0..<count).map { place in
          group.reduce(0) { $0 + scale * advantages[$1] * gradients[$1][place] }
        }
      }
      // The mean reward's gradient compares each reward with the mean of the others.
      parts.append(sum(after, 1 / (size - 1)))
      for (place, value) in sum(own, 1 / size).enumerated() {
        moments[place] += value * value / Double(Self.groups.count)
      }
    }
    let steps = parts.map { zip($0, moments).map { $0 / ($1.squareRoot() + 1e-8) } }

    let ranking = try Self.ranking(marginal: marginal)
    for (metric, directions) in [(RolloutRanking.Metric.gradient, parts), (.step, steps)] {
      let mean = StudentMean(of: 8)
      for index in Self.rollouts.indices {
        let values = directions.map { advantages[index] * Self.product(own[index], $0) }
        let expected = mean.interval(values)
        let found = try #require(ranking.score(ofRollout: index, metric))
        let scale = values.map(abs).max() ?? 0
        for (a, b) in [
          (found.estimate, expected.estimate), (found.low, expected.low),
          (found.high, expected.high),
        ] {
          expectClose(a, b, absolute: 1e-6 * scale, "\(metric) \(index)")
        }
      }
      // The mean of all scores is that of the direction in which all rollouts move.
      let all = Self.rollouts.indices.map { ranking.score(ofRollout: $0, metric)?.estimate ?? 0 }
      expectClose(
        ranking.summary(metric).gain.estimate, all.reduce(0, +) / Double(all.count),
        relative: 1e-12, "gain")
      for (problem, score) in zip(ranking.problems, ranking.problemScores(metric)) {
        expectClose(
          score.estimate,
          problem.members.reduce(0) { $0 + all[$1] } / Double(problem.members.count),
          absolute: 1e-9, problem.id)
      }
    }
  }

  @Test func threadsChangeNothing() throws {
    let (one, three) = (try Self.ranking(), try Self.ranking(threads: 3))
    #expect(one.json.text() == three.json.text())
    for index in Self.rollouts.indices {
      #expect(
        one.members(ofRollout: index).map(\.value) == three.members(ofRollout: index).map(\.value))
    }
  }

  @Test func whatCannotBeRankedIsRefused() throws {
    let few = Array(Self.heldOut.prefix(6))
    let run = RankingRun(
      Self.rollouts, against: few, options: Self.options, model: Lab.qwen3.model)
    #expect(throws: OutputError.self) { try run.run() }
    let stopped = RankingRun(
      Self.rollouts, against: Self.heldOut, options: Self.options, model: Lab.qwen3.model)
    #expect(try stopped.run(shouldStop: { true }) == nil)
  }
}
