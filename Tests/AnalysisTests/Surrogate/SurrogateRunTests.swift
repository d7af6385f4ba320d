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
