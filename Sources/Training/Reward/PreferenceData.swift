// The pairs of a reward model's training, from files to what each step learns from.
import KeyedRandom
import Tasks

/// Pairs of training, with the ties and the label noise that a configuration asks for, and held-out ones.
public struct PreferenceData: Sendable {
  /// Pairs of training, in the order of their file.
  public let training: [PreferencePair]
  /// Pairs of evaluation, with their own labels; ties are left out, since no answer to them is right.
  public let heldOut: [PreferencePair]
  /// Pairs of training whose responses were put in each other's place.
  public let flippedCount: Int
  /// Ties among the pairs of training, before they were left out.
  public let tieCount: Int
  /// The files that were read.
  public let files: [String]
  private let order: RandomKey

  /// Reads the files of a configuration.
  ///
  /// - Parameters:
  ///   - folder: The configuration's folder, to which paths are relative.
  ///   - options: The model's vocabulary, positions and encoder.
  /// - Throws: `TaskFileError` with the line: for everything that `PreferenceReader` refuses, and for files
  ///   without a pair to learn from or to evaluate with.
  public init(
    _ configuration: RewardConfiguration, folder: String, options: RolloutReader.Options
  ) throws {
    let parts = try configuration.evaluation.load(
      configuration.pairs, in: folder, noun: "pairs", key: "held_out", cluster: \.cluster
    ) { path in
      switch configuration.content {
      case .pairs: try PreferenceReader.read(path: path, options: options)
      case .rollouts: try PreferenceReader.pairs(ofRollouts: path, options: options)
      }
    }
    try self.init(
      configuration, training: parts.training, heldOut: parts.heldOut, files: parts.files)
  }

  /// Takes pairs that were read.
  ///
  /// - Parameter files: Where they come from, for errors: the file of training, and another one of the
  ///   held-out pairs where there is one.
  public init(
    _ configuration: RewardConfiguration, training: [PreferencePair], heldOut: [PreferencePair],
    files: [String]
  ) throws(TaskFileError) {
    let key = RandomKey(seed: configuration.seed).derive("reward model")
    let noise = key.derive("label noise")
    // A pair's flip depends on its place alone, so that dropping ties changes no other label.
    var kept: [PreferencePair] = []
    var flipped = 0
    for (place, pair) in training.enumerated() {
      if pair.isTie, configuration.ties == .drop { continue }
      var generator = noise.derive(UInt64(place)).generator()
      let flips = !pair.isTie && generator.bernoulli(configuration.labelNoise)
      if flips { flipped += 1 }
      kept.append(flips ? pair.flipped : pair)
    }
    self.training = kept
    self.heldOut = heldOut.filter { !$0.isTie }
    flippedCount = flipped
    tieCount = training.count { $0.isTie }
    self.files = files
    order = key.derive("order")
    for (pairs, file) in [(self.training, files.first), (self.heldOut, files.last)]
    where pairs.isEmpty {
      throw TaskFileError(
        "no pairs but ties (expected one with a better response)", path: file ?? "pairs")
    }
  }

  /// The pairs of a step, counted from 1: the next ones of an endless list in which every epoch is all
  /// pairs of training in a new random order.
  public func pairs(ofStep step: Int, count: Int) -> [PreferencePair] {
    let places = (step - 1) * count..<step * count
    let epochs = places.lowerBound / training.count...(places.upperBound - 1) / training.count
    let list = epochs.flatMap { epoch in
      var pairs = training
      var generator = order.derive(UInt64(epoch)).generator()
      generator.shuffle(&pairs)
      return pairs
    }
    return places.map { list[$0 - epochs.lowerBound * training.count] }
  }
}
