// The group of the change between two rollout files.
import Tables

extension ThoughtFoldChange {
  /// The group of the changes of all kinds; `unit` is what the lengths of both files count.
  static func group(
    _ changes: [ThoughtFoldChange], _ lexicon: ThoughtLexicon, unit: ThoughtSource.LengthUnit
  ) -> VariableGroup {
    VariableGroup(
      axes: [lexicon.kindAxis],
      variables: [
        Variable("base_count", "thoughts in the base", over: ["kind"]) {
          .integers(changes.map(\.baseCount))
        },
        Variable("count", "thoughts in the second file", over: ["kind"]) {
          .integers(changes.map(\.count))
        },
        Variable("per_response", "fold change of thoughts per response", over: ["kind"]) {
          .intervals(changes.map(\.perResponse))
        },
        Variable(
          "per_thousand_tokens", "fold change of thoughts per 1,000 \(unit.noun)s", over: ["kind"]
        ) { .intervals(changes.map(\.perThousandTokens)) },
        Variable("difference", "thoughts per response minus the base's", over: ["kind"]) {
          .intervals(changes.map(\.difference))
        },
      ],
      plot: VariableGroup.Plot(
        signal: "per_response", over: ["kind"], title: "Fold change of thoughts per response"))
  }
}
