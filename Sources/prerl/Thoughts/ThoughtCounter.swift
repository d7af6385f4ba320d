// Counts the thoughts of one rollout file, one response at a time.
import Analysis
import Tasks
import Training

/// The counts so far. It keeps a few numbers per response.
struct ThoughtCounter {
  /// What else is done with every response of the first file. None of it applies to the second
  /// file.
  struct Extras {
    var other: ThoughtLexicon?
    var labels: LabelReader?
    var alignment: AlignmentTokens?
    var spans: LineFile?
    var keepsIDs = false
  }

  let path: String
  let classifier: ThoughtClassifier
  private(set) var table: ThoughtTable
  private(set) var unit: ThoughtSource.LengthUnit?
  private(set) var ids: [String] = []
  private(set) var problems = NameIndex()
  private(set) var clusters: NameIndex
  private(set) var extras: Extras
  private(set) var agreement: LexiconAgreement?
  private(set) var labelTruth: ThoughtTruth
  private(set) var moveTruth: ThoughtTruth
  private(set) var effects: ThoughtEffects
  private(set) var tokens: ThoughtTokens
  /// The number of responses whose reward came from the built-in verifier.
  private(set) var verifiedCount = 0
  /// The number of responses without reward and without a reference answer.
  private(set) var unscoredCount = 0
  /// The number of responses of the alignment file whose tokens and text do not match.
  private(set) var unalignedCount = 0

  private let other: ThoughtClassifier?
  private let countsWords: Bool
  private let checkpoint: Checkpoint
  private let judge: BuiltInVerifier

  /// - Parameter clusters: the clusters of the file that this one is compared with.
  init(
    path: String, lexicon: ThoughtLexicon, checkpoint: Checkpoint, countsWords: Bool,
    clusters: NameIndex = NameIndex(), extras: Extras = Extras()
  ) {
    self.path = path
    self.clusters = clusters
    self.extras = extras
    self.countsWords = countsWords
    classifier = ThoughtClassifier(lexicon)
    other = extras.other.map { ThoughtClassifier($0) }
    agreement = extras.other.map { LexiconAgreement(lexicon, $0) }
    let kindCount = lexicon.kindNames.count
    table = ThoughtTable(kindCount: kindCount)
    labelTruth = ThoughtTruth(lexicon)
    moveTruth = ThoughtTruth(lexicon)
    effects = ThoughtEffects(lexicon)
    tokens = ThoughtTokens(kindCount: kindCount)
    self.checkpoint = checkpoint
    judge = BuiltInVerifier(checkpoint)
  }

  /// Counts the next response.
  mutating func add(_ rollout: Rollout) throws {
    let problem = CountdownProblem(prompt: rollout.promptTokens)
    let bytes = try bytes(of: rollout, problem)
    let length = try length(of: rollout, bytes)
    let cluster = clusters.index(of: rollout.cluster)
    let thoughts = classifier.thoughts(in: bytes)
    table.append(
      cluster: cluster, problem: problems.index(of: rollout.problemID), length: length,
      reward: try reward(of: rollout), counts: classifier.counts(of: thoughts))
    if extras.keepsIDs { ids.append(rollout.id) }
    if let other {
      agreement?.add(thoughts, other.thoughts(in: bytes), of: bytes, cluster: cluster)
    }
    let moves = problem.map { CountdownMove.moves(in: rollout.responseTokens, of: $0) }
    if let moves {
      effects.add(moves, cluster: cluster)
    } else {
      effects.add(thoughts, of: bytes, reference: rollout.answer, cluster: cluster)
    }
    if let labels = try extras.labels?.next(thoughtCount: thoughts.count) {
      labelTruth.add(thoughts, labels: labels, cluster: cluster)
    } else if let moves, extras.labels == nil {
      moveTruth.add(
        thoughts, moves: moves,
        starts: TokenSpans.countdownStarts(rollout.responseTokens), cluster: cluster)
    }
    if let alignment = extras.alignment, let place = alignment.place(of: rollout.id) {
      try align(alignment, place, rollout, problem, bytes, thoughts, cluster)
    }
    try extras.spans?.write(
      SpanFile.line(id: rollout.id, thoughts, of: bytes, classifier.lexicon))
  }

  // MARK: - One response

  private func fault(_ message: String) -> TaskFileError {
    // Every line up to the last rollout has one, so a rollout's index gives its line.
    TaskFileError(message, path: path, line: table.responseCount + 1)
  }

  /// The text. On the embedded task, where each token is a word, token ids take precedence.
  private func bytes(of rollout: Rollout, _ problem: CountdownProblem?) throws -> [UInt8] {
    if problem != nil { return Array(CountdownVocabulary.text(of: rollout.responseTokens).utf8) }
    // The embedded checkpoint is the default and may not be the one that the file was sampled from.
    let isKnown = !checkpoint.isEmbedded
    guard let text = rollout.response ?? (isKnown ? judge.text(of: rollout) : nil) else {
      throw fault("no response of text (expected one, or --model for its tokenizer)")
    }
    return Array(text.utf8)
  }

  private mutating func length(of rollout: Rollout, _ bytes: [UInt8]) throws -> Int {
    let isWords = countsWords || rollout.responseTokens.first == ThoughtEncoder.word
    let own: ThoughtSource.LengthUnit = isWords ? .words : .ids
    guard own == unit ?? own else {
      throw fault(
        "\(isWords ? "no response_ids" : "response_ids") unlike the lines before (expected lengths "
          + "of one unit; --words counts words everywhere)")
    }
    unit = own
    return countsWords ? max(1, ThoughtEncoder.wordCount(bytes)) : rollout.responseTokens.count
  }

  private mutating func reward(of rollout: Rollout) throws -> Double? {
    if let reward = rollout.reward { return reward }
    if let found = try judge.verify(rollout) {
      verifiedCount += 1
      return found.reward
    }
    unscoredCount += 1
    return nil
  }

  private mutating func align(
    _ alignment: AlignmentTokens, _ place: Int, _ rollout: Rollout, _ problem: CountdownProblem?,
    _ bytes: [UInt8], _ thoughts: [Thought], _ cluster: Int
  ) throws {
    let response = alignment.response(at: place)
    let isWords = rollout.responseTokens.first == ThoughtEncoder.word
    guard isWords || response == rollout.responseTokens else {
      throw fault(
        "response_ids differ from those of \(rollout.id) in \(alignment.path) "
          + "(expected the rollouts that were aligned)")
    }
    var starts: [Int]?
    if problem != nil {
      starts = TokenSpans.countdownStarts(response)
    } else if let tokenizer = try? checkpoint.tokenizer.get() {
      starts = try? TokenSpans.starts(of: response, in: bytes) { try tokenizer.decode($0) }
    }
    guard let starts else {
      unalignedCount += 1
      return
    }
    let (kinds, openings) = Self.kinds(of: starts, bytes, thoughts)
    tokens.add(
      try alignment.values(at: place), kinds: kinds, openings: openings, cluster: cluster)
  }

  /// The kind of each token, by its first byte that is not white space, and whether it is the first
  /// token of its thought.
  private static func kinds(
    of starts: [Int], _ bytes: [UInt8], _ thoughts: [Thought]
  ) -> (kinds: [Int?], openings: [Bool]) {
    var kinds: [Int?] = []
    var openings: [Bool] = []
    var place = 0
    var last: Int?
    for (index, start) in starts.enumerated() {
      let end = index + 1 < starts.count ? max(start, starts[index + 1]) : bytes.count
      let content = bytes[start..<end].firstIndex { $0 > 0x20 } ?? start
      while place < thoughts.count, thoughts[place].range.upperBound <= content { place += 1 }
      let isInside = place < thoughts.count && thoughts[place].range.contains(content)
      kinds.append(isInside ? thoughts[place].kind : nil)
      openings.append(isInside && last != place)
      if isInside { last = place }
    }
    return (kinds, openings)
  }
}
