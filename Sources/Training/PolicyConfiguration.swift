// The settings of a reinforcement-learning run, decoded strictly.
import ModelCore
import StrictJSON
import Tasks

/// A run of one algorithm on a task. Only `algorithm` and `steps` have no default.
public struct PolicyConfiguration: Sendable {
  public var algorithm: any Algorithm
  public var preset: Preset
  /// The task whose problems are asked.
  public var task: any TaskSettings
  public var seed: UInt64
  public var steps: Int
  public var problemsPerStep: Int
  public var rolloutsPerProblem: Int
  /// Of sampling; log-probabilities are always those of temperature 1.
  public var temperature: Double
  public var maximumNewTokens: Int
  public var rewards: RewardSource
  /// What the policy is also trained to predict; nil for the reward alone.
  public var likelihood: LikelihoodSettings?
  /// Conversations with an imagined environment; nil for none.
  public var imagination: ImaginationSettings?
  /// How the rewards of several reward models are combined, for a run that has any.
  public var rewardRule: RewardEnsemble.Rule
  /// What reward models judge.
  public var rewardUnit: RewardEnsemble.Unit
  /// Passes over each batch. If a batch has a single update, all ratios are 1.
  public var updatesPerBatch: Int
  public var schedule: LearningRateSchedule
  public var optimizer: AdamW.Settings
  /// Gradients longer than this are scaled down to it.
  public var maximumGradientNorm: Double
  /// Steps between evaluations; the first and the last step are evaluated in any case. 0: never.
  public var evaluateEvery: Int
  /// Held-out problems of an evaluation.
  public var evaluationProblems: Int
  /// Responses to each of them: with two or more, the noise of an evaluation is known.
  public var evaluationSamples: Int
  /// Steps between checkpoints; there is one at the end in any case.
  public var saveEvery: Int
  /// Steps between measurements of the update rules' vectors, the base's first. 0: never.
  public var measureUpdatesEvery: Int
  /// Problems of such a measurement, each with `rolloutsPerProblem` rollouts.
  public var measureUpdatesProblems: Int

  /// What `algorithm` may be.
  public static var algorithmNames: [String] { Algorithms.all.map { $0.name } }

  /// Reads a configuration.
  ///
  /// - Throws: `JSONValueError` naming an unknown, missing or out-of-range key, or an impossible
  ///   combination.
  public init(reading reader: inout JSONReader) throws(JSONValueError) {
    let name = try reader.string("algorithm", oneOf: Self.algorithmNames)
    guard let type = Algorithms.all.first(where: { $0.name == name }) else {
      preconditionFailure("the name is one of the algorithms'")
    }
    preset =
      try reader.optionalString("preset", oneOf: type.presets.map(\.rawValue))
      .flatMap { Preset(rawValue: $0) } ?? .matched
    seed = UInt64(try reader.optionalInt("seed", in: 0...Int.max) ?? 0)
    task = try BuiltInTasks.settings(reading: &reader)
    steps = try reader.int("steps", in: 1...1_000_000)
    problemsPerStep = try reader.optionalInt("problems_per_step", in: 1...65_536) ?? 64
    rolloutsPerProblem = try reader.optionalInt("rollouts_per_problem", in: 1...4096) ?? 8
    temperature = try reader.optionalDouble("temperature", in: 0.01...100) ?? 1
    maximumNewTokens =
      try reader.optionalInt("max_new_tokens", in: 1...task.maximumResponseLength)
      ?? task.defaultResponseLength
    rewards = try reader.optionalChoice("rewards") ?? .verified
    likelihood = try LikelihoodSettings(reading: &reader)
    imagination = try ImaginationSettings(reading: &reader)
    rewardRule = try reader.optionalChoice("reward_rule") ?? .mean
    rewardUnit = try reader.optionalChoice("reward_unit") ?? .response
    updatesPerBatch =
      try reader.optionalInt("updates_per_batch", in: 1...1024) ?? preset.updatesPerBatch
    evaluateEvery = try reader.optionalInt("evaluate_every", in: 0...1_000_000) ?? 5
    evaluationProblems = try reader.optionalInt("evaluation_problems", in: 1...65_536) ?? 512
    evaluationSamples = try reader.optionalInt("evaluation_samples", in: 1...1024) ?? 1
    saveEvery = try reader.optionalInt("save_every", in: 1...1_000_000) ?? 5
    measureUpdatesEvery = try reader.optionalInt("measure_updates_every", in: 0...1_000_000) ?? 0
    measureUpdatesProblems =
      try reader.optionalInt("measure_updates_problems", in: 16...65_536) ?? 128
    guard measureUpdatesEvery == 0 || rolloutsPerProblem > 1 else {
      throw JSONValueError(
        path: reader.path(of: "measure_updates_every"),
        message: "\(measureUpdatesEvery) with rollouts_per_problem 1 (expected 0, or groups of at "
          + "least 2: update vectors need a baseline)")
    }
    (schedule, optimizer, maximumGradientNorm) = try Self.optimizer(&reader, steps: steps)

    algorithm = try type.init(
      reading: &reader, for: RunOutline(preset: preset, steps: steps, task: task))
    guard rolloutsPerProblem > 1 || !algorithm.usesGroupBaseline else {
      throw JSONValueError(
        path: reader.path(of: "rollouts_per_problem"),
        message: "1 leaves a group baseline nothing to compare with "
          + "(expected an integer of at least 2, or advantages without a group)")
    }
    guard rolloutsPerProblem > 1 || rewards != .shuffled else {
      throw JSONValueError(
        path: reader.path(of: "rewards"),
        message: "\"shuffled\" with rollouts_per_problem 1 changes nothing "
          + "(expected groups of at least 2, in which rewards can change places)")
    }
    guard rewards == .verified || !algorithm.continuesResponses else {
      throw JSONValueError(
        path: reader.path(of: "rewards"),
        message:
          "\"shuffled\" with advantages \"mc\" (expected \"verified\": continuations are judged by the "
          + "verifier)")
    }
    let loss = algorithm.loss
    guard maximumNewTokens > 1 || (loss.scoresFirstToken && loss.nullContext != .tokens([])) else {
      throw JSONValueError(
        path: reader.path(of: "max_new_tokens"),
        message: "1 leaves no token to score without the first (expected at least 2)")
    }
  }

  /// What stands in the way of a run on a model, if anything; one line.
  public func obstacle(_ model: ModelConfiguration, _ task: any PolicyTask) -> String? {
    let room = model.maximumPositions - task.longestPrompt
    guard maximumNewTokens <= room else {
      return
        "max_new_tokens is \(maximumNewTokens) (expected at most \(room): the model's positions "
        + "less the prompt)"
    }
    if algorithm.usesSteps, let problem = task.heldOut(1).first,
      task.steps(of: TaskResponse(problem: problem, tokens: [])) == nil
    {
      return
        "reward.placement is not \"end\" (expected \"end\": the task cannot tell the steps of a "
        + "response)"
    }
    if let task = task as? any ConversationTask {
      guard maximumNewTokens >= task.maximumTurnLength else {
        return
          "max_new_tokens is \(maximumNewTokens) (expected at least \(task.maximumTurnLength), a turn)"
      }
      if algorithm.continuesResponses {
        return
          "advantages is \"mc\" (expected \"gae\" or \"rloo\": conversations have no continuations)"
      }
      if measureUpdatesEvery > 0 {
        return
          "measure_updates_every is \(measureUpdatesEvery) (expected 0: update vectors are not "
          + "measured for conversations)"
      }
    }
    if rewardUnit == .turn, !(task is any ConversationTask) {
      return
        "reward_unit is \"turn\" (expected \"response\", or a task of conversations, \(Self.conversationTasks))"
    }
    if likelihood != nil {
      guard let task = task as? any ConversationTask else {
        return
          "likelihood needs a task of conversations (expected none, or \(Self.conversationTasks))"
      }
      guard task.loggedConversation(0).isOthers.contains(true) else {
        return
          "likelihood has nothing to learn (expected conversations in which the user speaks behind an answer)"
      }
    }
    if task is any ConversationTask, !(task is any InteractiveTask) {
      guard let imagination else {
        return "imagination is missing (expected it: nobody but models can answer in this task)"
      }
      guard imagination.worldModel.isLearned else {
        return
          "imagination.world_model is \"exact\" (expected \"learned\" or \"argmax\": nobody but models can answer "
          + "in this task)"
      }
      guard imagination.share == 1 else {
        return
          "imagination.share is \(imagination.share) (expected 1: nobody but models can answer in this task)"
      }
    }
    if let imagination {
      guard let task = task as? any ImaginableTask else {
        return
          "imagination needs a task of conversations (expected none, or \(Self.conversationTasks))"
      }
      let room = model.maximumPositions - task.longestBeginning
      guard imagination.start != .logged || maximumNewTokens <= room else {
        return
          "max_new_tokens is \(maximumNewTokens) (expected at most \(room): the model's positions less the "
          + "beginning of a logged conversation)"
      }
    }
    let context = algorithm.loss.nullContext
    let start = context.documentStart(task)
    if context == .start, start.isEmpty {
      return
        "loss.null_context is \"bos\", and the model has no start token (expected token ids, for example [0])"
    }
    if let token = start.first(where: { !(0..<model.vocabularySize).contains(Int($0)) }) {
      return "loss.null_context has the token id \(token) (expected ids below "
        + "\(model.vocabularySize), the model's vocabulary)"
    }
    guard start.count + maximumNewTokens <= model.maximumPositions else {
      return "loss.null_context has \(start.count) tokens, max_new_tokens is \(maximumNewTokens) "
        + "(expected at most \(model.maximumPositions) together, the model's positions)"
    }
    return nil
  }

  /// Tokens of the longest prompt of a run, in imagined conversations, too.
  public func longestPrompt(of task: any PolicyTask) -> Int {
    guard imagination?.start == .logged, let task = task as? any ImaginableTask else {
      return task.longestPrompt
    }
    return max(task.longestPrompt, task.longestBeginning)
  }

  private static let conversationTasks = "the task desk or conversations"

  /// Reads `optimizer`: the learning rate over the run, AdamW's settings, and the longest gradient.
  static func optimizer(
    _ reader: inout JSONReader, steps: Int
  ) throws(JSONValueError) -> (LearningRateSchedule, AdamW.Settings, Double) {
    var settings = AdamW.Settings()
    var schedule = LearningRateSchedule(peak: 1e-4, warmUpSteps: 0, steps: steps, finalShare: 1)
    guard var rates = try reader.optionalObject("optimizer") else { return (schedule, settings, 1) }
    schedule.peak = try rates.optionalDouble("learning_rate", in: 0...1) ?? schedule.peak
    let warmUp = try rates.spelling("learning_rate_warmup_steps", formerly: "warmup_steps")
    schedule.warmUpSteps = try rates.optionalInt(warmUp, in: 0...steps) ?? 0
    let decays = LearningRateSchedule.Decay.allCases.map(\.rawValue)
    if let name = try rates.optionalString("schedule", oneOf: ["constant"] + decays) {
      // A constant rate is a decay to itself.
      if let decay = LearningRateSchedule.Decay(rawValue: name) {
        (schedule.decay, schedule.finalShare) = (decay, 0)
      }
    }
    if let share = try rates.optionalDouble("final_learning_rate_share", in: 0...1) {
      schedule.finalShare = share
    }
    settings.beta1 = try rates.optionalDouble("beta1", in: 0...0.999_999) ?? settings.beta1
    settings.beta2 = try rates.optionalDouble("beta2", in: 0...0.999_999_9) ?? settings.beta2
    settings.epsilon = try rates.optionalDouble("epsilon", in: 1e-30...1) ?? settings.epsilon
    settings.weightDecay = try rates.optionalDouble("weight_decay", in: 0...1) ?? 0
    let maximum = try rates.optionalDouble("max_grad_norm", in: 1e-12...1e12) ?? 1
    try rates.finish()
    return (schedule, settings, maximum)
  }

  /// The configuration with every default resolved; reads back as itself. `rewards`,
  /// `evaluation_samples` and `measure_updates_…` are left out where nothing was asked for, and keys that were renamed have their
  /// first spelling, so that runs compare with those made before.
  public var json: JSON {
    var object: JSONObject = [
      "algorithm": .string(type(of: algorithm).name), "preset": .string(preset.rawValue),
      "seed": .integer(Int(seed)), "steps": .integer(steps),
      "problems_per_step": .integer(problemsPerStep),
      "rollouts_per_problem": .integer(rolloutsPerProblem), "temperature": .real(temperature),
      "max_new_tokens": .integer(maximumNewTokens), "updates_per_batch": .integer(updatesPerBatch),
      "evaluate_every": .integer(evaluateEvery),
      "evaluation_problems": .integer(evaluationProblems), "save_every": .integer(saveEvery),
      "optimizer": [
        "learning_rate": .real(schedule.peak), "warmup_steps": .integer(schedule.warmUpSteps),
        "schedule": .string(schedule.decay.rawValue),
        "final_learning_rate_share": .real(schedule.finalShare), "beta1": .real(optimizer.beta1),
        "beta2": .real(optimizer.beta2), "epsilon": .real(optimizer.epsilon),
        "weight_decay": .real(optimizer.weightDecay), "max_grad_norm": .real(maximumGradientNorm),
      ],
    ]
    object["task"] = task.json
    if measureUpdatesEvery > 0 {
      object["measure_updates_every"] = .integer(measureUpdatesEvery)
      object["measure_updates_problems"] = .integer(measureUpdatesProblems)
    }
    if evaluationSamples > 1 { object["evaluation_samples"] = .integer(evaluationSamples) }
    if rewards != .verified { object["rewards"] = .string(rewards.rawValue) }
    if let likelihood { object["likelihood"] = likelihood.json }
    if let imagination { object["imagination"] = imagination.json }
    if rewardRule != .mean { object["reward_rule"] = .string(rewardRule.rawValue) }
    if rewardUnit != .response { object["reward_unit"] = .string(rewardUnit.rawValue) }
    for (key, value) in algorithm.json.members { object[key] = value }
    return .object(object)
  }
}
