// The group of the comparison with the ground truth.
import Tables

extension ThoughtTruth {
  /// A share of events of each kind.
  private struct Share {
    let name: String
    let longName: String
    /// What the share is taken of.
    let whole: String
    let value: @Sendable (Kind) -> ClusteredShare

    /// The events, those that count, and the share.
    func variables(_ kinds: [Kind]) -> [Variable] {
      let value = value
      return [
        Variable(name + "_n", "number of \(whole)", over: ["kind"]) {
          .integers(kinds.map { value($0).total })
        },
        Variable(name + "_count", "those that count", over: ["kind"]) {
          .integers(kinds.map { value($0).count })
        },
        Variable(name, longName, over: ["kind"]) { .intervals(kinds.map { value($0).interval }) },
      ]
    }
  }

  private static let shares = [
    Share(
      name: "precision", longName: "share of the counted thoughts that are of the kind",
      whole: "counted thoughts", value: \.precision),
    Share(
      name: "recall", longName: "share of what is of the kind that was counted",
      whole: "what is of the kind", value: \.recall),
  ]

  /// Only moves of the embedded task have these.
  private static let flips = [
    Share(
      name: "wrong_to_right", longName: "share of moves that turned wrong into right",
      whole: "moves", value: \.wrongToRight),
    Share(
      name: "right_to_wrong", longName: "share of moves that turned right into wrong",
      whole: "moves", value: \.rightToWrong),
  ]

  /// The group of precision and recall, and of flips where they were counted.
  func group(_ lexicon: ThoughtLexicon) -> VariableGroup {
    VariableGroup(
      axes: [lexicon.kindAxis],
      variables: (Self.shares + (hasMoves ? Self.flips : [])).flatMap { $0.variables(kinds) },
      plot: VariableGroup.Plot(
        signal: "precision", over: ["kind"], title: "Precision and recall of the lexicon"))
  }
}
