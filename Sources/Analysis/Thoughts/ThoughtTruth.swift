// How well a lexicon's counts agree with the ground truth.

/// Precision and recall of each kind, against labels or against what the moves of the embedded task
/// did.
public struct ThoughtTruth: Sendable {
  /// One kind.
  public struct Kind: Sendable {
    /// The kind's name.
    public let name: String
    /// Precision: of the thoughts counted as this kind, those that are of this kind.
    public internal(set) var precision = ClusteredShare()
    /// Recall: of the events of this kind, those that were counted as it.
    public internal(set) var recall = ClusteredShare()
    /// Of the moves of this kind, those that turned wrong into right; only on the embedded task.
    public internal(set) var wrongToRight = ClusteredShare()
    /// Of the moves of this kind, those that turned right into wrong; only on the embedded task.
    public internal(set) var rightToWrong = ClusteredShare()

    /// A kind without any events so far.
    init(name: String) { self.name = name }
  }

  /// The kinds of the lexicon.
  public private(set) var kinds: [Kind]
  /// Whether flips were counted.
  public private(set) var hasMoves = false

  /// Nothing compared yet.
  public init(_ lexicon: ThoughtLexicon) {
    kinds = lexicon.kindNames.map { Kind(name: $0) }
  }

  /// Compares a response's thoughts with their labels, which are indices into the lexicon's
  /// `kindNames`. A thought without a label is left out.
  public mutating func add(_ thoughts: [Thought], labels: [Int?], cluster: Int) {
    precondition(labels.count == thoughts.count, "one label a thought")
    let labelled = zip(thoughts, labels).compactMap { thought, label in
      label.map { (counted: thought.kind, label: $0) }
    }
    for kind in kinds.indices {
      let counted = labelled.count { $0.counted == kind }
      let labels = labelled.count { $0.label == kind }
      let both = labelled.count { $0.counted == kind && $0.label == kind }
      kinds[kind].precision.add(both, of: counted, cluster: cluster)
      kinds[kind].recall.add(both, of: labels, cluster: cluster)
    }
  }

  /// Compares the thoughts of a Countdown response with its moves.
  ///
  /// The truth is the effect: precision is the fraction of the thoughts counted as `reflection`
  /// that contain a `Wait` which repaired an error, and recall is the fraction of such repairs that
  /// lie in thoughts counted as `reflection`. For `transition` the effect is reaching the target.
  /// Other kinds have no truth here.
  /// - Parameter starts: where each token's word starts, in UTF-8 bytes of the text.
  public mutating func add(
    _ thoughts: [Thought], moves: [CountdownMove], starts: [Int], cluster: Int
  ) {
    hasMoves = true
    for place in kinds.indices {
      let name = kinds[place].name
      guard name == "reflection" || name == "transition" else { continue }
      let own = moves.filter { $0.isTransition == (name == "transition") }
      let useful = own.filter { $0.effect == .wrongToRight }
      let counted = thoughts.filter { $0.kind == place }
      func holds(_ thought: Thought, _ move: CountdownMove) -> Bool {
        thought.range.contains(starts[move.token])
      }
      kinds[place].precision.add(
        counted.count { thought in useful.contains { holds(thought, $0) } }, of: counted.count,
        cluster: cluster)
      kinds[place].recall.add(
        useful.count { move in counted.contains { holds($0, move) } }, of: useful.count,
        cluster: cluster)
      kinds[place].wrongToRight.add(useful.count, of: own.count, cluster: cluster)
      kinds[place].rightToWrong.add(
        own.count { $0.effect == .rightToWrong }, of: own.count, cluster: cluster)
    }
  }
}
