// Which sequences each sample's results compare: fixed over the whole file before anything runs.
import KeyedRandom
import Tasks

/// The rollouts of a run and the random choices of its controls.
///
/// Every choice depends on the seed and the rollout's place in the file, so shards, threads and
/// interruptions see the same plan.
public struct AlignmentPlan: Sendable {
  public let rollouts: [Rollout]
  public let options: AlignmentOptions
  /// Index of each rollout's problem, in order of first appearance.
  public let problems: [Int]
  public let problemCount: Int
  /// For `mismatched-prompt`: a rollout of another problem. Empty with a single problem.
  let partners: [Int]
  /// For `mixture`: the distinct prompts, in order of first appearance.
  let distinctPrompts: [[Int32]]
  /// Controls that the rollouts do not allow, each with the reason, for the user.
  public let leftOut: [(control: AlignmentControl, reason: String)]
  /// The controls that run, in the order of `AlignmentControl.allCases`.
  public let controls: [AlignmentControl]
  private let vocabularySize: Int

  /// The most prompts that `mixture` takes.
  static let mixtureLimit = 512

  public init(rollouts: [Rollout], options: AlignmentOptions, vocabularySize: Int) {
    self.rollouts = rollouts
    self.options = options
    self.vocabularySize = vocabularySize
    // Names are compared by bytes: String's == is canonical equivalence.
    var indexOfProblem: [[UInt8]: Int] = [:]
    problems = rollouts.map { rollout in
      let key = Array(rollout.problemID.utf8)
      if let index = indexOfProblem[key] { return index }
      indexOfProblem[key] = indexOfProblem.count
      return indexOfProblem.count - 1
    }
    problemCount = indexOfProblem.count
    var seen = Set<[Int32]>()
    distinctPrompts = rollouts.map(\.promptTokens).filter { seen.insert($0).inserted }

    let root = RandomKey(seed: options.seed).derive("alignment controls")
    let problems = problems
    var members = [[Int]](repeating: [], count: problemCount)
    for (index, problem) in problems.enumerated() { members[problem].append(index) }
    partners =
      problemCount < 2
      ? []
      : rollouts.indices.map { index in
        var random = root.derive("mismatched prompt").derive(UInt64(index)).generator()
        let own = members[problems[index]]
        // The chosen one among the rollouts of other problems, without a list of those.
        var partner = random.uniform(below: rollouts.count - own.count)
        for member in own where member <= partner { partner += 1 }
        return partner
      }

    var leftOut: [(control: AlignmentControl, reason: String)] = []
    if problemCount < 2 {
      leftOut.append((.mismatchedPrompt, "there is one problem only, so no other prompt"))
    }
    if distinctPrompts.count > Self.mixtureLimit {
      leftOut.append(
        (
          .mixture,
          "there are \(distinctPrompts.count) distinct prompts (at most \(Self.mixtureLimit))"
        ))
    }
    if let reason = UpdateBatches.obstacle(rollouts) {
      leftOut.append((.update, reason))
      leftOut.append((.firstOrder, reason))
    }
    if rollouts.count < 2 { leftOut.append((.cross, "there is one rollout only")) }
    self.leftOut = leftOut.filter { options.controls.contains($0.control) }
    controls = AlignmentControl.allCases.filter { control in
      options.controls.contains(control) && !leftOut.contains { $0.control == control }
    }
  }

  /// For `random-prompt`: the prompt's first token, then as many uniform non-special tokens as the
  /// prompt has.
  func randomPrompt(_ index: Int) -> [Int32] {
    let allowed = (0..<Int32(vocabularySize)).filter { !options.specialTokens.contains($0) }
    let prompt = rollouts[index].promptTokens
    guard !allowed.isEmpty else { return prompt }
    var random = RandomKey(seed: options.seed).derive("alignment controls")
      .derive("random prompt").derive(UInt64(index)).generator()
    return prompt.prefix(1)
      + prompt.dropFirst().map { _ in allowed[random.uniform(below: allowed.count)] }
  }

  /// For `shuffled-response`: y in random order; an end token keeps the last place.
  func shuffledResponse(_ index: Int, endTokens: [Int]) -> [Int32] {
    var response = rollouts[index].responseTokens
    var random = RandomKey(seed: options.seed).derive("alignment controls")
      .derive("shuffled response").derive(UInt64(index)).generator()
    let end = response.last.flatMap { endTokens.contains(Int($0)) ? $0 : nil }
    if end != nil { response.removeLast() }
    random.shuffle(&response)
    return response + (end.map { [$0] } ?? [])
  }
}
