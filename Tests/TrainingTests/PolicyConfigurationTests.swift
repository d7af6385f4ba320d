import Foundation
import StrictJSON
import Tasks
import Testing
import Training

@Suite struct PolicyConfigurationTests {
  @Test func onlyAlgorithmAndStepsAreNeeded() throws {
    let settings = try configuration(#""algorithm": "nsr-prerl", "steps": 20"#)
    #expect(settings.preset == .matched)
    #expect(settings.problemsPerStep == 64 && settings.rolloutsPerProblem == 8)
    #expect(settings.maximumNewTokens == 119 && settings.updatesPerBatch == 1)
    #expect(settings.optimizer == AdamW.Settings())
    #expect(settings.maximumGradientNorm == 1)
    #expect(settings.schedule.rate(at: 0) == 1e-4 && settings.schedule.rate(at: 19) == 1e-4)
  }

  @Test(arguments: everyAlgorithm) func aResolvedConfigurationReadsBackAsItself(
    text: String
  ) throws {
    let settings = try configuration(#""steps": 30, "seed": 7, "# + text)
    var reader = try JSONReader(settings.json)
    let again = try PolicyConfiguration(reading: &reader)
    try reader.finish()
    #expect(again.json == settings.json)
  }

  /// A configuration of three numbers does not say so: it reads and hashes as it always did.
  @Test func theTaskIsOnlyNamedWhereItIsAnother() throws {
    let grpo = #""algorithm": "grpo", "steps": 5"#
    let three = try configuration(grpo + #", "task": {"numbers": 3}"#)
    let plain = try configuration(grpo)
    #expect(three.task as? CountdownVariant == .three && three.json == plain.json)
    #expect(three.json.objectValue?["task"] == nil)
    for (numbers, room) in [(4, 118), (5, 117)] {
      let settings = try configuration(grpo + #", "task": {"numbers": \#(numbers)}"#)
      #expect(settings.task as? CountdownVariant == CountdownVariant(numberCount: numbers))
      #expect(settings.maximumNewTokens == room)
      #expect(settings.json.objectValue?["task"] == ["numbers": .integer(numbers)])
      var reader = try JSONReader(settings.json)
      #expect(try PolicyConfiguration(reading: &reader).json == settings.json)
      try reader.finish()
    }
  }

  @Test func responsesThatDoNotRestateAreASettingOfTheTask() throws {
    let grpo = #""algorithm": "grpo", "steps": 5, "task": "#
    for task in [
      #"{"restating": false}"#, #"{"name": "countdown", "numbers": 3, "restating": false}"#,
    ] {
      let settings = try configuration(grpo + task)
      #expect(settings.task as? CountdownVariant == .positions)
      #expect(settings.json.objectValue?["task"] == ["restating": false])
    }
    let plain = try configuration(grpo + #"{"numbers": 3, "restating": true}"#)
    #expect(plain.task as? CountdownVariant == .three)
    #expect(throws: JSONValueError.self) {
      try configuration(grpo + #"{"numbers": 4, "restating": false}"#)
    }
  }

  @Test func everyAlgorithmIsTested() throws {
    let names = try everyAlgorithm.map { type(of: try algorithm($0)).name }
    #expect(Set(names) == Set(PolicyConfiguration.algorithmNames))
  }

  /// Preset: advantages after the prompt, after the null context, coefficient, S, reset.
  @Test(arguments: [
    ("paper-code", "group-std", "group-centered", 0.01, false, false),
    ("paper-equation", "group-std", "group-std", 1, true, false),
    ("matched", "group-centered", "group-centered", 1, true, true),
  ])
  func presetsNameTheirCombination(
    preset: String, post: String, pre: String, coefficient: Double, includesLast: Bool,
    resets: Bool
  ) throws {
    let keys = try algorithm(#""algorithm": "dsrl", "preset": "\#(preset)""#).json
    #expect(keys["advantage"]?.stringValue == post)
    #expect(keys["warm_up_advantage"]?.stringValue == pre)
    #expect(keys["warm_up_coefficient"]?.doubleValue == coefficient)
    #expect(keys["warm_up_includes_last"] == .bool(includesLast))
    #expect(keys["reset_optimizer"] == .bool(resets))
    let nsr = try algorithm(#""algorithm": "nsr-prerl", "preset": "\#(preset)""#).json
    #expect(nsr["advantage"]?.stringValue == pre)
    #expect(nsr["coefficient"]?.doubleValue == coefficient)
    #expect(
      try algorithm(#""algorithm": "nsr-rl", "preset": "\#(preset)""#).json["advantage"]?
        .stringValue == post)
  }

  @Test func theWarmUpEndsWhereItsSettingsSay() throws {
    let groups = randomGroups(2)
    for (preset, last) in [("matched", 10), ("paper-code", 9)] {
      let dsrl = try algorithm(#""algorithm": "dsrl", "preset": "\#(preset)""#)
      for step in [1, last, last + 1, 20] {
        let objective = dsrl.objective(of: groups, step: step)
        #expect(objective.space == (step <= last ? .preTrain : .postTrain))
        #expect(
          objective.startsFreshOptimizer == (preset == "matched" && step == last + 1))
        #expect(objective.tokenWeights.contains(0) == (step <= last), "negatives, then all")
      }
    }
  }

  @Test(arguments: [
    (#""algorithm": "grpo", "steps": 5, "step": 6"#, "step: unknown key (expected one of: "),
    (
      #""algorithm": "ppo", "steps": 5, "continuations": 3"#,
      #"continuations: has no effect without advantages "mc" (expected no such key)"#
    ),
    (
      #""algorithm": "ppo", "steps": 5, "missing_eos_penalty": 3"#,
      #"missing_eos_penalty: has no effect without truncation "penalty""#
    ),
    (
      #""algorithm": "ppo", "steps": 5, "reward": {"step_weight": 1}"#,
      #"reward.step_weight: has no effect without placement "step" or "potential""#
    ),
    (
      #""algorithm": "grpo", "steps": 5, "task": {"name": "desk"}, "imagination": {"logged_conversations": 5}"#,
      #"imagination.logged_conversations: has no effect without start "logged""#
    ),
    (
      #""algorithm": "grpo", "steps": 5, "imagination": {"world_model": "exact", "disagreement_limit": 1}"#,
      #"imagination.disagreement_limit: has no effect without world_model "learned""#
    ),
    (
      #""algorithm": "grpo", "steps": 5, "task": {"numbers": 6}"#,
      "task.numbers: 6 (expected an integer in 3...5)"
    ),
    (
      #""algorithm": "grpo", "steps": 5, "task": {"restating": false, "numbers": 4}"#,
      "task.numbers: 4 with restating false (expected 3)"
    ),
    (
      #""algorithm": "grpo", "steps": 5, "task": {"numbers": 4, "target": 24}"#,
      "task.target: unknown key (expected one of: name, restating, numbers)"
    ),
    (
      #""algorithm": "grpo", "steps": 5, "task": {"numbers": 4}, "max_new_tokens": 119"#,
      "max_new_tokens: 119 (expected an integer in 1...118)"
    ),
    (#""algorithm": "grpo""#, "steps: missing (expected an integer in 1...1000000)"),
    (#""algorithm": "ppq", "steps": 5"#, #"algorithm: "ppq" (expected one of: "grpo", "#),
    (
      #""algorithm": "dsrl", "steps": 10"#,
      "pre_train_steps: 10 leaves no step of 10 to the second phase (expected an integer below steps)"
    ),
    (
      #""algorithm": "grpo", "steps": 5, "rollouts_per_problem": 1"#,
      "rollouts_per_problem: 1 leaves a group baseline nothing to compare with "
        + "(expected an integer of at least 2, or advantages without a group)"
    ),
    (
      #""algorithm": "drift", "steps": 5, "space": "pre-train", "constant_advantage": 0"#,
      "constant_advantage: 0 (expected -1 or 1)"
    ),
    (
      #""algorithm": "grpo", "steps": 5, "loss": {"clip": 1}"#,
      "loss.clip: unknown key (expected one of: aggregation, "
    ),
    (
      #""algorithm": "prerl", "steps": 5, "loss": {"null_context": [56]}"#,
      "loss.null_context[0]: 56 (expected an integer in 0...55)"
    ),
    (
      #""algorithm": "prerl", "steps": 5, "loss": {"null_context": "none"}"#,
      #"loss.null_context: "none" (expected token ids, "bos", "mismatched-prompt" or "random-prompt")"#
    ),
    (
      #""algorithm": "nsr-rl", "steps": 5, "advantage": "raw", "rollouts_per_problem": 1, "#
        + #""measure_updates_every": 2"#,
      "measure_updates_every: 2 with rollouts_per_problem 1 (expected 0, or groups of at least 2: "
        + "update vectors need a baseline)"
    ),
    (
      #""algorithm": "nsr-rl", "steps": 5, "advantage": "raw", "rollouts_per_problem": 1, "#
        + #""rewards": "shuffled""#,
      #"rewards: "shuffled" with rollouts_per_problem 1 changes nothing (expected groups of at "#
        + "least 2, in which rewards can change places)"
    ),
    (
      #""algorithm": "prerl", "steps": 5, "rewards": "none""#,
      #"rewards: "none" (expected one of: "verified", "shuffled")"#
    ),
    (
      #""algorithm": "prerl", "steps": 5, "max_new_tokens": 1, "loss": {"null_context": []}"#,
      "max_new_tokens: 1 leaves no token to score without the first (expected at least 2)"
    ),
    (
      #""algorithm": "grpo", "steps": 5, "optimizer": {"lr": 1}"#,
      "optimizer.lr: unknown key (expected one of: learning_rate, "
    ),
  ])
  func impossibleConfigurationsAreNamed(text: String, message: String) throws {
    let error = try #require(throws: JSONValueError.self) { _ = try configuration(text) }
    #expect(error.description.hasPrefix(message), "\(error)")
  }

  @Test func contextsAndRewardsThatAreDrawnReadBackByName() throws {
    for context in ["mismatched-prompt", "random-prompt"] {
      let settings = try configuration(
        #""algorithm": "prerl", "steps": 5, "rewards": "shuffled", "#
          + #""loss": {"null_context": "\#(context)"}"#)
      #expect(settings.json.objectValue?["rewards"] == "shuffled")
      #expect(settings.algorithm.loss.json.objectValue?["null_context"] == .string(context))
    }
    #expect(
      try configuration(#""algorithm": "prerl", "steps": 5"#).json.objectValue?["rewards"] == nil)
  }

  /// A task with a start token of its own stores it as what it is, so that runs compare.
  @Test func theStartTokenIsTheNullContextUnlessAskedOtherwise() throws {
    let own = #""algorithm": "prerl", "steps": 5"#
    let named = try configuration(own + #", "loss": {"null_context": "bos"}"#)
    #expect(try named.json == configuration(own).json)
    let answers = try configuration(own + #", "task": {"name": "answers", "problems": "p"}"#)
    #expect(answers.algorithm.loss.nullContext == .start && answers.maximumNewTokens == 1024)
    #expect(answers.algorithm.loss.json.objectValue?["null_context"] == "bos")
    var reader = try JSONReader(answers.json)
    #expect(try PolicyConfiguration(reading: &reader).json == answers.json)
    try reader.finish()
  }

  @Test func renamedKeysReadLikeTheirFirstSpellingAndAreStoredSo() throws {
    let old = try configuration(
      #""algorithm": "dsrl", "steps": 30, "warm_up_steps": 4, "warm_up_includes_last": false, "#
        + #""warm_up_advantage": "rloo", "warm_up_coefficient": 0.5, "#
        + #""optimizer": {"warmup_steps": 3}"#)
    let new = try configuration(
      #""algorithm": "dsrl", "steps": 30, "pre_train_steps": 4, "pre_train_includes_last": false, "#
        + #""pre_train_advantage": "rloo", "pre_train_coefficient": 0.5, "#
        + #""optimizer": {"learning_rate_warmup_steps": 3}"#)
    #expect(old.json == new.json && new.schedule.warmUpSteps == 3)
    #expect(new.json.objectValue?["warm_up_steps"] == 4)
    let error = try #require(throws: JSONValueError.self) {
      _ = try configuration(
        #""algorithm": "dsrl", "steps": 30, "pre_train_steps": 4, "warm_up_steps": 4"#)
    }
    #expect(
      error.description
        == "warm_up_steps: with pre_train_steps (expected only one: they are the same key)")
  }

  /// Runs of earlier versions can be resumed and compared: what they stored is what is stored now.
  @Test(arguments: ["grpo", "nsr-prerl"]) func storedConfigurationsReadBackAsThemselves(
    name: String
  ) throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../results/reference/training/\(name)/manifest.json")
    let manifest = try JSON.parse([UInt8](Data(contentsOf: path.standardized)))
    let stored = try #require(manifest.objectValue?["config"])
    var reader = try JSONReader(stored)
    let settings = try PolicyConfiguration(reading: &reader)
    try reader.finish()
    // As read from text, so that numbers compare as they are stored.
    #expect(try JSON.parse(Array(settings.json.text().utf8)) == stored)
  }

  @Test func rawAdvantagesNeedNoGroup() throws {
    let settings = try configuration(
      #""algorithm": "nsr-rl", "steps": 5, "advantage": "raw", "rollouts_per_problem": 1"#)
    #expect(settings.rolloutsPerProblem == 1)
  }
}
