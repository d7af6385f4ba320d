// Tasks whose problems come from files.
import KeyedRandom

/// Problems of files, in random orders, with what their model says of contexts.
struct FileProblems: Sendable {
  let training: [TaskProblem]
  /// In the order in which evaluations take them.
  let heldOut: [TaskProblem]
  /// The files that they come from.
  let files: [String]
  /// Tokens of the longest prompt.
  let longestPrompt: Int
  let documentStart: [Int32]
  let ordinaryTokens: [Int32]

  init(
    training: [TaskProblem], heldOut: [TaskProblem], files: [String], player: any TaskPlayer
  ) {
    self.training = training
    // A file may be sorted by difficulty; the first problems of an evaluation should not be.
    self.heldOut = Self.shuffled(heldOut, RandomKey(seed: 0).derive("held-out problems"))
    self.files = files
    longestPrompt = (training + heldOut).map(\.promptTokens.count).max() ?? 0
    documentStart = player.startToken.map { [$0] } ?? []
    ordinaryTokens = (0..<Int32(player.vocabularySize)).filter {
      !player.specialTokens.contains($0)
    }
  }

  fileprivate static func shuffled(_ problems: [TaskProblem], _ key: RandomKey) -> [TaskProblem] {
    var problems = problems
    var generator = key.generator()
    generator.shuffle(&problems)
    return problems
  }
}

/// A task whose problems are those of files.
protocol FileTask: PolicyTask {
  var problems: FileProblems { get }
}

extension FileTask {
  public var files: [String] { problems.files }
  public var longestPrompt: Int { problems.longestPrompt }
  public var documentStart: [Int32] { problems.documentStart }
  public var ordinaryTokens: [Int32] { problems.ordinaryTokens }

  public func draw(key: RandomKey) -> TaskProblem {
    var generator = key.generator()
    return problems.training[generator.uniform(below: problems.training.count)]
  }

  /// Consecutive problems of an endless list. Each epoch is the whole file in a new random order,
  /// so every problem occurs once per epoch.
  public func problems(ofStep step: Int, count: Int, key: RandomKey) -> [TaskProblem] {
    let size = problems.training.count
    let places = (step - 1) * count..<step * count
    let epochs = places.lowerBound / size...(places.upperBound - 1) / size
    let list = epochs.flatMap { FileProblems.shuffled(problems.training, key.derive(UInt64($0))) }
    return places.map { list[$0 - epochs.lowerBound * size] }
  }

  public func heldOut(_ count: Int) -> [TaskProblem] { Array(problems.heldOut.prefix(count)) }
}

/// The settings of such a task: it takes any model, and any length that the model has room for.
protocol FileTaskSettings: TaskSettings {}

extension FileTaskSettings {
  public var maximumResponseLength: Int { 1 << 20 }
  public var vocabularySize: Int? { nil }
  public var nullContext: [Int32]? { nil }
  public var maximumContextLength: Int { 4096 }
}
