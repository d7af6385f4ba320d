// Rewards by a reward model, for `evaluate` and `rollout`.
import KeyedRandom
import ModelCore
import Runs
import Statistics
import StrictJSON
import Tables
import Tasks
import Training

/// A reward model with the folder's way from text to tokens.
struct RewardScoring {
  private let checkpoint: Checkpoint
  let model: RewardModel
  private let template: RewardTemplate
  private let common: CommonOptions

  /// Opens the folder of `--reward-model`.
  ///
  /// - Parameter template: in place of the folder's own.
  init(_ directory: String, _ common: CommonOptions, template: RewardTemplate? = nil) throws {
    var own = common
    own.model = directory
    own.adapter = nil
    self.common = own
    checkpoint = try Checkpoint(own, head: .reward)
    self.template =
      try template
      ?? RewardTemplate(directory: directory, family: checkpoint.configuration.family)
    model = RewardModel(try checkpoint.model(Float.self))
  }

  /// Refuses a policy whose token ids mean something else to the reward model.
  func requireTokens(of policy: Checkpoint) throws { try checkpoint.requireTokens(of: policy) }

  /// The rewards of rollouts, with progress.
  private func rewards(
    of rollouts: [Rollout], from source: EvaluationRun.Source, kept: String
  ) throws -> [Double] {
    let progress = ProgressBar(
      "scoring", total: rollouts.count, unit: "rollouts", quiet: common.quiet)
    defer { progress.finish() }
    do {
      return try model.rewards(
        of: rollouts, from: source, threads: common.threads,
        shouldStop: { Interruption.isRequested }, progress: { progress.update($0) })
    } catch is CancellationError {
      progress.finish()
      throw CommandFailure.interrupted("interrupted while scoring (\(kept))")
    }
  }

  /// Sampled rollouts with the model's rewards in the place of a verifier's.
  func scored(_ rollouts: [Rollout], of policy: Checkpoint, kept: String) throws -> [Rollout] {
    let rewards = try rewards(of: rollouts, from: .sampled(from: policy.name), kept: kept)
    return zip(rollouts, rewards).map { rollout, reward in
      var rollout = rollout
      rollout.reward = reward
      return rollout
    }
  }

  /// Scores a file, and writes its lines again with the rewards if an output is named.
  ///
  /// Lines keep all of their keys. A `reward` that was there becomes `given_reward`, unless there is one.
  ///
  /// - Parameter bestOf: Numbers of responses of which the best one is reported; nil for none.
  func run(_ path: String, rewardKey: String?, bestOf: [Int]?, output: String?) throws {
    var options = template.readerOptions(checkpoint)
    options.rewardKey = rewardKey
    var reader = try RolloutReader(
      path: path, contents: try InputCopy.path(of: path), options: options)
    var rollouts: [Rollout] = []
    var lines: [JSONObject] = []
    while let rollout = try reader.next() {
      rollouts.append(rollout)
      lines.append(reader.object)
    }
    if let bestOf { try check(bestOf, rollouts, path) }
    let rewards = try rewards(of: rollouts, from: .file(path), kept: "nothing was written")
    if let output {
      let text = zip(lines, rewards).map { line, reward in
        var line = line
        if let given = line["reward"], !given.isNull, line["given_reward"] == nil {
          line["given_reward"] = given
        }
        line["reward"] = .real(reward)
        return JSON.object(line).text() + "\n"
      }
      try AtomicFile.publish(text.joined(), to: output, overwrite: common.overwrite)
    }
    let bootstrap = BootstrapT(key: common.key.derive("bootstrap"))
    let report = RewardReport(rollouts, rewards: rewards, bootstrap: bootstrap)
    let best = bestOf.map {
      BestOfReport(rollouts, rewards: rewards, counts: $0, bootstrap: bootstrap)
    }
    if common.json {
      var object = report.json.objectValue ?? [:]
      object["best_of"] = best?.json
      return try Console.print(JSON.object(object).text(indent: 2))
    }
    try Console.print(report.text(of: path) + (best.map { "\n\n\($0.text)" } ?? ""))
  }

  /// Refuses an n that no problem has responses for.
  private func check(_ bestOf: [Int], _ rollouts: [Rollout], _ path: String) throws {
    let counts = Dictionary(grouping: rollouts) { Array($0.problemID.utf8) }.values.map(\.count)
    guard let most = counts.max(), let largest = bestOf.last, largest > most else { return }
    throw CommandFailure.usage(
      "--best-of has \(largest), but \(path) has at most \(most) responses to a problem (expected at most "
        + "\(most))")
  }

  /// Prints how the model judges the pairs of a file.
  func judge(_ path: String) throws {
    let all = try PreferenceReader.read(
      path: path, contents: try InputCopy.path(of: path),
      options: template.readerOptions(checkpoint))
    let pairs = all.filter { !$0.isTie }
    guard !pairs.isEmpty else {
      throw CommandFailure.usage("\(path): no pairs but ties (expected one with a better response)")
    }
    let values: [RewardEvaluator.Value]
    do {
      values = try RewardEvaluator(pairs, seed: common.seed, threads: common.threads)
        .evaluate(model.model, shouldStop: { Interruption.isRequested })
    } catch is CancellationError {
      throw CommandFailure.interrupted("interrupted while scoring")
    }
    if common.json {
      var object: JSONObject = [:]
      for (column, interval) in values { object[column.name] = interval.json() }
      return try Console.print(JSON.object(object).text(indent: 2))
    }
    var table = TextTable(["", "mean", "95% interval"])
    for (column, interval) in values {
      table.add([column.name, fixed(interval.estimate, 3), interval.ends(3)])
    }
    let ties = all.count - pairs.count
    try Console.print(
      "\(path): \(pairs.count) pairs" + (ties > 0 ? ", \(ties) ties left out" : "")
        + "\n\(table.text)")
  }
}
