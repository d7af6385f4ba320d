import ModelCore
import Runs
import Tasks
import TestSupport
import Testing
import Training

@Suite struct EvaluationRunTests {
  private static let task = CountdownTask(.three)
  private static let verifier = BuiltInVerifier(task, decode: { _ in nil })

  private static func sample(
    _ problems: Int, threads: Int = 1, _ model: Transformer<Float> = .tiny(),
    journal: Journal? = nil,
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) throws -> RolloutSampler.Outcome {
    var sampler = RolloutSampler(
      task.heldOut(problems), counts: Array(repeating: 3, count: problems), maximumNewTokens: 20,
      verifier: verifier)
    sampler.threads = threads
    return try sampler.run(model, journal: journal, shouldStop: shouldStop)
  }

  /// Another model shows that what a journal has is not sampled again.
  @Test func responsesOfAJournalAreNotSampledAgain() throws {
    try withTemporaryDirectory { folder in
      func journal() throws -> Journal {
        try Journal(path: folder + "/journal", header: [:], mode: .resume)
      }
      let model = Transformer<Float>.tiny()
      let problems = 2 * model.samplingStream / 3 + 9  // two streams and a part of a third
      let first = try journal()
      guard case .finished(let all) = try Self.sample(problems, model, journal: first) else {
        Issue.record("stopped")
        return
      }
      #expect(first.count == 3)
      try first.close()
      let again = try journal()
      guard
        case .finished(let kept) = try Self.sample(problems, .tiny(label: 2), journal: again)
      else {
        Issue.record("stopped")
        return
      }
      #expect(kept == all)
      #expect(throws: ByteReader.Malformed.self) {
        try Self.sample(problems - 9, .tiny(label: 2), journal: again)
      }
    }
  }

  @Test func aLongerListBeginsWithAShorterOneOnAnyNumberOfThreads() throws {
    guard case .finished(let short) = try Self.sample(4),
      case .finished(let long) = try Self.sample(9, threads: 3)
    else {
      Issue.record("stopped")
      return
    }
    #expect(short.count == 12 && long.count == 27)
    #expect(Array(long.prefix(12)) == short)
    #expect(long.allSatisfy { $0.reward != nil })
    #expect(short[3].id.hasSuffix("-r0") && short[3].problemID == short[5].problemID)
    guard case .interrupted(done: 0) = try Self.sample(4, shouldStop: { true }) else {
      Issue.record("not stopped")
      return
    }
  }

  /// Two problems with two rollouts each, of which one is right.
  private static let rollouts: [Rollout] = [
    ("p", [1, 3, 20, 21, 22, 4, 5, 25, 6], [13, 20, 14, 21, 14, 22, 2]),
    ("p", [1, 3, 20, 21, 22, 4, 5, 25, 6], [11, 13, 20, 14, 21, 15, 22, 2]),
    ("q", [1, 3, 23, 24, 25, 4, 5, 34, 6], [12, 12, 6]),
    ("q", [1, 3, 23, 24, 25, 4, 5, 34, 6], [19, 14, 19, 16, 20, 2]),
  ].enumerated().map { index, sample in
    Rollout(
      id: "\(index)", problemID: sample.0, promptTokens: sample.1, responseTokens: sample.2)
  }

  private static func report(_ run: EvaluationRun) throws -> EvaluationReport? {
    guard case .finished(let report) = try run.run() else { return nil }
    return report
  }

  @Test func rolloutsWithoutARewardAreVerified() throws {
    var run = EvaluationRun(Self.rollouts, from: .file("a.jsonl"), verifier: Self.verifier)
    run.tries = [1, 2]
    run.endTokens = [2]
    let report = try #require(try Self.report(run))
    #expect(report.verification.rollouts.map(\.reward) == [1, 0, 0, 0])
    #expect(report.verification.verified == [0, 1, 2, 3])
    let evaluation = report.evaluation
    #expect(evaluation.accuracy.interval.estimate == 0.25)
    #expect(evaluation.passAtK.map(\.entry.interval.estimate) == [0.25, 0.5])
    #expect(evaluation.ended.interval.estimate == 0.75)
    #expect(evaluation.rolloutCount == 4 && evaluation.problemCount == 2)
    #expect(report.audit == nil)
  }

  @Test func anAuditComparesTheRewardsOfTheFileWithTheVerifier() throws {
    var rollouts = Self.rollouts
    for (index, reward) in [1.0, 1, 0, 0].enumerated() { rollouts[index].reward = reward }
    var run = EvaluationRun(rollouts, from: .file("a.jsonl"), verifier: Self.verifier)
    run.audits = true
    let report = try #require(try Self.report(run))
    #expect(report.verification.rollouts.map(\.reward) == [1, 1, 0, 0])
    #expect(report.audit?.compared == 4)
    #expect(report.audit?.disagreements.map(\.rollout.id) == ["1"])
    // Sampled rollouts have their rewards from the verifier, which agrees with itself.
    run = EvaluationRun(rollouts, from: .sampled(from: "m"), verifier: Self.verifier)
    run.audits = true
    #expect(try Self.report(run)?.audit?.compared == 0)
  }

  @Test func whatCannotBeVerifiedIsNamed() throws {
    let unknown = Rollout(
      id: "u", problemID: "u", promptTokens: [7, 8], responseTokens: [13, 2])
    let rollouts = Self.rollouts + [unknown]
    let messages = try [EvaluationRun.Source.file("a.jsonl"), .sampled(from: "m")].map { source in
      let run = EvaluationRun(rollouts, from: source, verifier: Self.verifier)
      return try #require(#expect(throws: TaskFileError.self) { try run.run() }).description
    }
    let fault = "no reward (expected a number, or an answer to verify the response against)"
    #expect(messages == ["a.jsonl:5: \(fault)", "m: sampled rollout 5: \(fault)"])
  }

  @Test func aStoppedRunSaysWhatItWasIn() throws {
    let run = EvaluationRun(Self.rollouts, from: .file("a.jsonl"), verifier: Self.verifier)
    guard case .interrupted(during: .builtInVerification) = try run.run(shouldStop: { true }) else {
      Issue.record("not stopped")
      return
    }
  }
}
