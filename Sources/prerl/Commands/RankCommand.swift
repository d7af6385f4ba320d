// `prerl rank`: which rollouts and problems of training move the held-out reward.
import Analysis
import ArgumentParser
import ModelCore
import Runs
import Statistics
import StrictJSON
import Tables
import Tasks

struct RankCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rank",
    abstract: "Rank rollouts and problems of training by how much they raise the held-out reward.",
    discussion: """
      Both files need scored rollouts, several per prompt, from at least eight independent units (clusters, \
      by default problems). A rollout's score is the rise of the mean held-out reward for each unit of \
      learning rate when the rollout is learned from with its advantage, r - mean of its group, to first \
      order: its gradient times the held-out policy gradient. A problem's score is the mean of its rollouts'. \
      Scores along steps of Adam use the second moments of batches of the rollouts of training. Intervals are \
      95%, over eight parts of the held-out rollouts. Reliability is the correlation with the scores that as \
      many other held-out rollouts would give, and repeatable is the correlation of the problems' scores with \
      those that as many other rollouts of the same problems would give; the columns of shuffled rewards are what the spread of scores is \
      without any signal.

      --output writes every line of --rollouts again with an object rank: score, low and high, the same along \
      Adam's step (step_score) and of its problem (problem_score, problem_step_score), and weighted_cosine, the \
      advantage times the cosine of the rollout's gradient with the held-out one.

      Example: prerl rank --rollouts train.jsonl --against held-out.jsonl --output ranked.jsonl
      """)

  /// The space in which rollouts are learned from.
  enum Space: String, CaseIterable, ExpressibleByArgument {
    case postTrain = "post-train"
    case preTrain = "pre-train"
  }

  @Option(
    help: ArgumentHelp(
      "Rank the scored rollouts of this JSONL file.", valueName: "file"))
  var rollouts: String

  @Option(
    help: ArgumentHelp(
      "Take the held-out policy gradient from the scored rollouts of this JSONL file.",
      valueName: "file"))
  var against: String

  @Option(
    help: ArgumentHelp("Write the rollouts again with their scores.", valueName: "file.jsonl"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Learn from rollouts after their prompt (post-train) or after the null context (pre-train).",
      valueName: "space"))
  var space = Space.postTrain

  @Option(
    help: ArgumentHelp(
      "With --space pre-train, score log P(y) after this null context: \(NullContextArgument.spellings) "
        + "(default: bos).", valueName: "context"))
  var nullContext: String?

  @Option(
    help: ArgumentHelp(
      "Also rank with the model in this folder, and say how the two rankings go together.",
      valueName: "dir"))
  var nullModel: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Print the n highest and the n lowest problems.", valueName: "n"))
  var show = 3

  @Flag(help: "Allow sequences longer than max_position_embeddings.")
  var allowLong = false

  @OptionGroup var rewardOptions: RewardOptions
  @OptionGroup var runOptions: ModelRunOptions
  @OptionGroup var weightOptions: WeightOptions
  @OptionGroup var memoryOptions: MemoryOptions

  var common: CommonOptions { CommonOptions(runOptions, weightOptions, memoryOptions) }

  func validate() throws {
    guard show >= 0 else {
      throw ValidationError("--show is \(show) (expected an integer of at least 0)")
    }
    if nullContext != nil, space == .postTrain {
      throw ValidationError(
        "--null-context with --space post-train (expected --space pre-train, which scores after it)"
      )
    }
    if nullModel == "" { throw ValidationError("--null-model is empty (expected a folder)") }
  }

  func run() throws {
    KernelComparison.warn(common)
    let setup = try makeSetup(Checkpoint(common))
    try common.checkOutputs([output], inputs: [rollouts, against])
    var lines: [JSONObject] = []
    let ranking = try ranking(setup, "ranking") { lines.append($0) }
    let other = try nullModel.map { directory in
      var own = common
      own.model = directory
      own.adapter = nil
      let checkpoint = try Checkpoint(own)
      try checkpoint.requireTokens(of: setup.checkpoint)
      return try self.ranking(makeSetup(checkpoint), "ranking with --null-model")
    }
    if let output {
      let lines = lines.enumerated().map { index, line in
        var line = line
        var scores = JSONObject()
        for (key, value) in ranking.members(ofRollout: index) { scores[key] = value }
        line["rank"] = .object(scores)
        return JSON.object(line).text() + "\n"
      }
      try AtomicFile.publish(lines.joined(), to: output, overwrite: common.overwrite)
    }
    try Console.print(
      common.json
        ? json(ranking, other).text(indent: 2) : text(ranking, other))
  }

  /// The null context matters where rollouts are learned from after it.
  private func makeSetup(_ checkpoint: Checkpoint) throws -> AlignmentSetup {
    try AlignmentSetup(
      checkpoint, nullContext: nullContext, needsNullContext: space == .preTrain)
  }

  /// - Parameter visit: Gets every line of the rollouts' file.
  private func ranking(
    _ setup: AlignmentSetup, _ label: String, visit: (JSONObject) -> Void = { _ in }
  ) throws -> RolloutRanking {
    let (training, others) = try setup.pools(
      rollouts, against, allowLong: allowLong, rewardKey: rewardOptions.reward, visit: visit)
    var run = RankingRun(
      training, against: others, options: setup.options(seed: common.seed),
      model: try setup.checkpoint.model(Float.self))
    run.isMarginal = space == .preTrain
    run.rolloutsName = rollouts
    run.heldOutName = against
    run.threads = common.threads
    run.memoryLimit = common.memoryLimit
    try setup.checkpoint.check(run.plan)
    let progress = ProgressBar(label, total: 100, unit: "%", quiet: common.quiet)
    defer { progress.finish() }
    let found = try run.run(
      shouldStop: { Interruption.isRequested }, progress: { progress.update(Int(100 * $0)) })
    guard let found else {
      progress.finish()
      throw CommandFailure.interrupted("interrupted (nothing was written)")
    }
    return found
  }

  // MARK: - Reports

  /// Spearman's correlation of the problems' scores along a metric.
  private func correlation(
    _ one: RolloutRanking, _ other: RolloutRanking, _ metric: RolloutRanking.Metric
  ) -> Double {
    Correlation.spearman(
      one.problemScores(metric).map(\.estimate), other.problemScores(metric).map(\.estimate))
  }

  private func json(_ ranking: RolloutRanking, _ other: RolloutRanking?) -> JSON {
    guard let other, case .object(var object) = ranking.json else { return ranking.json }
    var correlations = JSONObject()
    for metric in RolloutRanking.Metric.allCases {
      correlations["\(metric.rawValue)_correlation"] = .real(correlation(ranking, other, metric))
    }
    object["null_model"] = .object(correlations)
    return .object(object)
  }

  private func text(_ ranking: RolloutRanking, _ other: RolloutRanking?) -> String {
    var parts = [ranking.table]
    if show > 0 { parts.append(ranking.extremes(show)) }
    parts.append(ranking.basis)
    if let other {
      let values = RolloutRanking.Metric.allCases.map {
        fixed(correlation(ranking, other, $0), 2)
      }
      parts.append(
        "Rank correlation with the scores of --null-model: \(values[0]) along gradient steps, \(values[1]) "
          + "along steps of Adam.")
    }
    return parts.joined(separator: "\n\n")
  }
}
