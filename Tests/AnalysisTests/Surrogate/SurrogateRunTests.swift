import Analysis
import Foundation
import Runs
import Tasks
import TestSupport
import Testing

@Suite struct SurrogateRunTests {
  private static let others = BatchOracle(
    Setting(family: .qwen3Tied, nullContext: Lab.contexts[0], mean: true)
  ).renamed

  private static func run(threads: Int = 1) throws -> SurrogateRun<Float> {
    let lab = Lab.qwen3
    var run = SurrogateRun(
      lab.rollouts, heldOut: others,
      options: AlignmentOptions(nullContext: NullContext(name: "n", tokens: Lab.contexts[0])),
      model: lab.single)
    try #require(run.plan.leftOut.isEmpty, "\(run.plan.leftOut)")
    run.threads = threads
    return run
  }

  @Test func theFileHoldsThePredictionOnAnyNumberOfThreads() throws {
    try withTemporaryDirectory { folder in
      let path = folder + "/surrogate.json"
      var texts: [String] = []
      for threads in [1, 3] {
        var run = try Self.run(threads: threads)
        run.summaryPath = path
        run.overwrites = threads > 1
        guard case .finished(let prediction) = try run.run() else {
          Issue.record("stopped")
          return
        }
        texts.append(try String(contentsOfFile: path, encoding: .utf8))
        #expect(texts.last == prediction.json.text(indent: 2) + "\n")
      }
      #expect(texts[0] == texts[1])
      var again = try Self.run()
      again.summaryPath = path
      #expect(throws: OutputError.self) { try again.run() }
    }
  }

  /// Steps end where the prediction fails; longer ones cannot change a radius.
  @Test func radiiAreThoseOfAllLengths() throws {
    let lab = Lab.qwen3
    let plan = try Self.run().plan
    var options = plan.options
    options.findsRadiiOnly = false
    let whole = AlignmentPlan(
      rollouts: lab.rollouts, heldOut: Self.others, options: options,
      vocabularySize: lab.single.configuration.vocabularySize)
    func measured(_ plan: AlignmentPlan) throws -> SurrogatePrediction {
      let prediction = try SurrogatePrediction.measure(plan, model: lab.single, threads: 1)
      return try #require(prediction)
    }
    let (short, long) = (try measured(plan), try measured(whole))
    #expect(short.firstOrder.adamSteps.isEmpty && !long.firstOrder.adamSteps.isEmpty)
    #expect(short.firstOrder.rules.contains { $0.actual.contains { $0.isNaN } })
    for (own, other) in zip(short.firstOrder.rules, long.firstOrder.rules) {
      #expect(own.predicted == other.predicted)
      #expect(zip(own.actual, other.actual).allSatisfy { $0.isNaN || $0 == $1 })
      #expect(short.radius(own.name) == long.radius(own.name))
    }
    #expect(short.json.text() == long.json.text())
  }

  /// One advantage for all tokens of a response is the advantage of the response.
  @Test func tokensWithTheirResponsesAdvantagesMakeTheSameRules() throws {
    let lab = Lab.qwen3
    let oracle = BatchOracle(
      Setting(family: .qwen3Tied, nullContext: Lab.contexts[0], mean: true))
    func prediction(_ advantages: OtherAdvantages?) throws -> SurrogatePrediction {
      let plan = SurrogatePrediction.plan(
        lab.rollouts, heldOut: Self.others, otherAdvantages: advantages,
        options: try Self.run().plan.options,
        vocabularySize: lab.single.configuration.vocabularySize)
      return try #require(
        try SurrogatePrediction.measure(plan, model: lab.model, threads: 2))
    }
    let same = try prediction(
      OtherAdvantages(
        ofTokens: zip(lab.rollouts, oracle.advantages).map { rollout, advantage in
          rollout.responseTokens.map { _ in advantage ?? 0 }
        }))
    // So are those of a reward model that gives the rewards there are.
    let rewards = OtherAdvantages(
      of: lab.rollouts, rewards: lab.rollouts.map { $0.reward ?? .nan })
    expectClose(
      rewards.values.flatMap(\.self),
      try #require(same.plan.otherAdvantages).values.flatMap(\.self),
      absolute: 1e-15, "advantages")
    for metric in [UpdateControl.Metric.raw, .step] {
      let rules = same.update.statistics(metric).vectors.filter { !$0.name.hasPrefix("drift") }
      let tokens = same.update.statistics(metric, of: UpdateVector.otherRules).vectors
      #expect(tokens.map(\.name) == rules.map { "other:" + $0.name })
      for (own, token) in zip(rules, tokens) {
        expectClose(token.signal.estimate, own.signal.estimate, relative: 1e-9, own.name)
        expectClose(token.total.estimate, own.total.estimate, relative: 1e-9, own.name)
      }
    }
    #expect(same.json.objectValue?["token_rules"]?.objectValue?.keys.count == 6)
    #expect(same.table.contains("\nNSR-PreRL, tokens "))
    let plain = try prediction(nil)
    #expect(!plain.update.hasOtherRules && plain.json.objectValue?["token_rules"] == nil)
    // What stood there before stands there with the same bits.
    for metric in UpdateControl.Metric.allCases {
      let (own, other) = (plain.update.statistics(metric), same.update.statistics(metric))
      #expect("\(own.vectors)" == "\(other.vectors)")
    }
  }

  /// Weights that differ along a response, against gradients of single tokens.
  @Test func everyTokenHasTheWeightOfItsOwnAdvantage() throws {
    let lab = Lab.qwen3
    let setting = Setting(family: .qwen3Tied, nullContext: Lab.contexts[0], mean: true)
    let advantages = lab.rollouts.enumerated().map { place, rollout in
      rollout.responseTokens.indices.map { Double((place * 7 + $0 * 5) % 9 - 4) / 4 }
    }
    let plan = SurrogatePrediction.plan(
      lab.rollouts, heldOut: Self.others, otherAdvantages: OtherAdvantages(ofTokens: advantages),
      options: try Self.run().plan.options,
      vocabularySize: lab.single.configuration.vocabularySize)
    let update = try #require(
      try SurrogatePrediction.measure(plan, model: lab.model, threads: 1)
    ).update
    let gram = UpdateGram(
      vectorNames: update.vectorNames, batchCount: update.batchCount, values: update.gram)
    // T_u of both signs in both spaces, by hand.
    let oracle = BatchOracle(setting)
    let batches = oracle.batches(
      MeasuredUpdate(
        names: update.vectorNames, batchRollouts: update.batchRollouts,
        batchTokens: update.batchTokens, gram: update.gram, statistics: [:]))
    for (space, isMarginal) in [("m", true), ("c", false)] {
      for (kind, sign) in [("C", { $0 }), ("D", { abs($0) })] as [(String, (Double) -> Double)] {
        var total = 0.0
        for members in batches {
          #expect(!members.isEmpty)
          var vector = [Double](repeating: 0, count: lab.model.layout.count)
          for member in members {
            let rollout = lab.rollouts[member]
            let table = lab.table(
              isMarginal ? setting.nullContext : rollout.promptTokens, rollout.responseTokens)
            let own = combination(
              table.gradients, advantages[member].map(sign),
              count: lab.model.layout.count)
            for index in vector.indices {
              vector[index] += own[index] / Double(oracle.tokens(members))
            }
          }
          total += dot(vector, vector) / Double(batches.count)
        }
        let measured = gram.total(UpdateVector(basis: "other:\(kind)_\(space)")).estimate
        expectClose(measured, total, relative: 1e-6, "\(kind)_\(space)")
      }
    }
  }

  @Test func aStoppedRunWritesNothing() throws {
    try withTemporaryDirectory { folder in
      var run = try Self.run()
      run.summaryPath = folder + "/surrogate.json"
      guard case .interrupted = try run.run(shouldStop: { true }) else {
        Issue.record("not stopped")
        return
      }
      #expect(!FileManager.default.fileExists(atPath: folder + "/surrogate.json"))
    }
  }

  @Test func rolloutsThatAllowNoPredictionAreNamed() throws {
    func error(_ rollouts: [Rollout], _ heldOut: [Rollout]) -> OutputError? {
      var run = SurrogateRun(
        rollouts, heldOut: heldOut,
        options: AlignmentOptions(nullContext: NullContext(name: "n", tokens: Lab.contexts[0])),
        model: Lab.qwen3.single)
      run.rolloutsName = "mine.jsonl"
      return #expect(throws: OutputError.self) { try run.run() }
    }
    let few = error(Array(Lab.qwen3.rollouts.prefix(2)), Self.others)
    #expect(few?.path == "mine.jsonl")
    #expect("\(few ?? .usage("", ""))".contains("among the rollouts of training"))
    let other = error(Lab.qwen3.rollouts, Array(Self.others.prefix(2)))
    #expect("\(other ?? .usage("", ""))".contains("among the held-out rollouts"))
  }
}
