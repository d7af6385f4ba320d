// The group of what thoughts did to the answer.
import Tables

extension ThoughtEffects {
  private struct Share {
    let name: String
    let longName: String
    let value: @Sendable (Kind) -> ClusteredShare
  }

  private static let shares = [
    Share(
      name: "changed", longName: "share of the thoughts with an answer before them that changed it",
      value: \.changed),
    Share(
      name: "wrong_to_right",
      longName: "share of them that turned a wrong answer into the right one",
      value: \.wrongToRight),
    Share(
      name: "right_to_wrong",
      longName: "share of them that turned the right answer into a wrong one",
      value: \.rightToWrong),
  ]

  /// The group; the default kind has none.
  func group(_ lexicon: ThoughtLexicon) -> VariableGroup {
    let kinds = kinds
    let shares = Self.shares.flatMap { share in
      [
        Variable(share.name + "_n", "number of thoughts that the share is of", over: ["kind"]) {
          .integers(kinds.map { share.value($0).total })
        },
        Variable(share.name + "_count", "those that count", over: ["kind"]) {
          .integers(kinds.map { share.value($0).count })
        },
        Variable(share.name, share.longName, over: ["kind"]) {
          .intervals(kinds.map { share.value($0).interval })
        },
      ]
    }
    return VariableGroup(
      axes: [lexicon.countedKindAxis],
      variables: [
        Variable("count", "number of thoughts of the kind", over: ["kind"]) {
          .integers(kinds.map(\.count))
        }
      ] + shares,
      plot: VariableGroup.Plot(
        signal: "changed", over: ["kind"], title: "Thoughts that change the answer"))
  }
}
