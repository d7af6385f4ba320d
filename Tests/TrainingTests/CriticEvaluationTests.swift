import HDF5
import KeyedRandom
import ModelCore
import Runs
import Statistics
import Tasks
import TestSupport
import Testing
import Training

@Suite struct CriticEvaluationTests {
  private static let bootstrap = BootstrapT(key: RandomKey(seed: 0))

  private static func rollouts() -> [Rollout] {
    randomGroups(6).enumerated().flatMap { problem, group in
      group.rollouts.enumerated().map { sample, rollout in
        Rollout(
          id: "p\(problem)-\(sample)", problemID: "p\(problem)", cluster: "c\(problem)",
          promptTokens: rollout.prompt, responseTokens: rollout.response, reward: rollout.reward)
      }
    }
  }

  @Test func aValueThatIsTheRewardIsCalibrated() {
    let rollouts = Self.rollouts()
    let exact = CriticEvaluation(
      rollouts, values: rollouts.map { r in r.responseTokens.map { _ in r.reward ?? 0 } },
      Self.bootstrap)
    expectClose(exact.explainedVariance.estimate, 1, absolute: 1e-12)
    #expect(exact.calibration.allSatisfy { $0.bias.estimate == 0 && $0.error == 0 })
    #expect(
      exact.calibration.reduce(0) { $0 + $1.tokenCount }
        == rollouts.reduce(0) { $0 + $1.responseTokens.count })
    let high = CriticEvaluation(
      rollouts, values: rollouts.map { r in r.responseTokens.map { _ in (r.reward ?? 0) + 0.25 } },
      Self.bootstrap)
    for bin in high.calibration {
      expectClose([bin.bias.estimate, bin.error], [0.25, 0.25], absolute: 1e-12)
    }
    expectClose(high.explainedVariance.estimate, 1, absolute: 1e-12, "a shift explains no less")
  }

  @Test func theFileHoldsValuesActionValuesAndAdvantages() throws {
    let model = Transformer<Float>.tiny()
    let head = ScalarHead<Float>(hiddenSize: model.configuration.hiddenSize)
    head.initialize(RandomKey(seed: 3))
    let rollouts = Self.rollouts()
    let function = ValueFunction(trunk: model, head: head)
    let found = try CriticEvaluation(
      rollouts, function, bootstrap: Self.bootstrap, threads: 2)
    let one = try CriticEvaluation(rollouts, function, bootstrap: Self.bootstrap, threads: 1)
    #expect(found.values == one.values && Set(found.values.joined()).count > 20)
    try withTemporaryDirectory { folder in
      let path = folder + "/values.h5"
      let provenance = [("start_utc", "2026-01-01T00:00:00Z"), ("argv", #"["prerl","evaluate"]"#)]
      try AtomicFile.publish(path, overwrite: false) {
        try found.write(to: $0, attributes: provenance)
      }
      let root = try HDF5File.open(path).root
      #expect(try root.attributes.value("complete") == .integer(1))
      #expect(
        try root.attributes.value("history") == .string("2026-01-01T00:00:00Z: prerl evaluate"))
      let tokens = try root.group("tokens")
      func read(_ name: String) throws -> [Double] { try tokens.dataset(name).read() }
      let (value, q, advantage) = (
        try read("value"), try read("action_value"), try read("advantage")
      )
      #expect(value == found.values.flatMap { $0 })
      expectClose(advantage, zip(q, value).map { $0 - $1 }, absolute: 1e-15)
      let first = found.values[0]
      expectClose(
        Array(q[..<first.count]), Array(first.dropFirst()) + [rollouts[0].reward ?? .nan],
        absolute: 1e-15)
      let offsets: [Int] = try tokens.dataset("sample_offset").read()
      #expect(offsets.count == rollouts.count + 1 && offsets.last == value.count)
    }
  }
}
