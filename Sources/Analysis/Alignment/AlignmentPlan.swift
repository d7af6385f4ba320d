// The sequences to compare for each rollout, fixed for the whole file before anything runs.
import KeyedRandom
import ModelCore
import Tasks

/// The rollouts of a run and the random choices of its controls.
///
/// Every choice depends only on the seed and the rollout's index in the file, so it is the same in
/// shards, on any number of threads and after an interruption.
public struct AlignmentPlan: Sendable {
  public let rollouts: [Rollout]
  /// The rollouts before this index are those that updates are computed from. The ones from it on are held
  /// out: update vectors are compared with their policy gradient. Without any, with that of other batches.
  public let heldOutStart: Int
  /// Further advantages of the rollouts before `heldOutStart`; nil without any.
  public let otherAdvantages: OtherAdvantages?
  public let options: AlignmentOptions
  /// Index of each rollout's problem, in order of first appearance.
  public let problems: [Int]
  public let problemCount: Int
  /// The size of the model's vocabulary.
  public let vocabularySize: Int
  /// The controls of this run that measure one rollout at a time, in the order of the results.
  public private(set) var sampleControls: [any SampleControl] = []
  /// The controls of this run that need all rollouts at once, in the order of the results.
  public private(set) var collectionControls: [any CollectionControl] = []
  /// The entries of all `sampleControls`, in order.
  public private(set) var entries: [ControlEntry] = []
  /// The requested controls that the rollouts do not allow, each with the reason.
  public private(set) var leftOut: [(control: String, reason: String)] = []

  /// - Parameters:
  ///   - heldOut: Rollouts of problems that share no cluster with those of `rollouts`.
  ///   - otherAdvantages: Of `rollouts`.
  public init(
    rollouts: [Rollout], heldOut: [Rollout] = [], otherAdvantages: OtherAdvantages? = nil,
    options: AlignmentOptions, vocabularySize: Int
  ) {
    precondition(
      otherAdvantages.map { $0.values.map(\.count) == rollouts.map(\.responseTokens.count) }
        ?? true, "one advantage a token")
    self.otherAdvantages = otherAdvantages
    let heldOutStart = rollouts.count
    let rollouts = rollouts + heldOut
    self.rollouts = rollouts
    self.heldOutStart = heldOutStart
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
    for type in AlignmentControls.all where options.controls.contains(type.name) {
      do {
        let control = try type.init(self)
        if let control = control as? any SampleControl { sampleControls.append(control) }
        if let control = control as? any CollectionControl { collectionControls.append(control) }
      } catch {
        leftOut.append((type.name, error.reason))
      }
    }
    entries = sampleControls.flatMap { control in
      control.entries.enumerated().map { number, entry in
        ControlEntry(
          control: type(of: control).name, name: entry.name, title: entry.title, number: number)
      }
    }
  }

  /// The names of the controls that run.
  public var controlNames: [String] {
    let running =
      sampleControls.map { type(of: $0).name } + collectionControls.map { type(of: $0).name }
    return AlignmentControls.names.filter(running.contains)
  }

  /// An upper bound of the tokens of a sequence that the run scores, and what makes it so long: the
  /// control, or nil for the null context and the rollouts themselves.
  public var longestSequence: (tokens: Int, control: String?) {
    let own = rollouts.map {
      max($0.promptTokens.count, options.nullContext.tokens.count) + $0.responseTokens.count
    }
    let response = rollouts.map(\.responseTokens.count).max() ?? 0
    var longest: (tokens: Int, control: String?) = (own.max() ?? 0, nil)
    for control in sampleControls where control.longestContext + response > longest.tokens {
      longest = (control.longestContext + response, type(of: control).name)
    }
    return longest
  }

  /// The random key of a control's choices.
  func key(_ purpose: StaticString) -> RandomKey {
    RandomKey(seed: options.seed).derive("alignment controls").derive(purpose)
  }

  /// Index of the first response token that the main pair scores: 1 without a null context.
  var firstScored: Int { options.nullContext.tokens.isEmpty ? 1 : 0 }

  /// The sequence of a rollout for one of the two objectives. Both score the same tokens.
  public func sequence(_ index: Int, marginal: Bool) -> ScoredSequence {
    ScoredSequence(
      context: marginal ? options.nullContext.tokens : rollouts[index].promptTokens,
      response: rollouts[index].responseTokens, firstScored: firstScored)
  }
}

/// One entry of a control: a result with one row per rollout.
public struct ControlEntry: Sendable, Hashable {
  /// The control's name.
  public let control: String
  /// The name among the entries of the same control; empty for a control with one entry. It may
  /// contain the user's text, so it is never used as the name of a group of a file.
  public let name: String
  /// A description for tables and plots.
  public let title: String
  /// Its index among the control's entries.
  public let number: Int

  /// The full name in tables: `mismatched-prompt` or `breakdown/position 0-2`.
  public var label: String { name.isEmpty ? control : "\(control)/\(name)" }

  /// The path of its group below `controls` in files: `mismatched-prompt`, or `breakdown/3`.
  public var path: [String] { name.isEmpty ? [control] : [control, String(number)] }
}
