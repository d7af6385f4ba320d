// The group of an alignment's tokens by the kind of thought they belong to.
import Tables

extension ThoughtTokenStatistics {
  /// The group of all tokens; the group `first_tokens` inside it has the first of each thought.
  static func group(_ rows: [ThoughtTokenStatistics], _ lexicon: ThoughtLexicon) -> VariableGroup {
    var group = part(
      rows.filter { !$0.isOpening }, lexicon, title: "Tokens of each kind of thought")
    group.groups = [
      (
        "first_tokens",
        { part(rows.filter(\.isOpening), lexicon, title: "First tokens of each kind of thought") }
      )
    ]
    return group
  }

  /// The rows of one part, one per kind.
  private static func part(
    _ rows: [ThoughtTokenStatistics], _ lexicon: ThoughtLexicon, title: String
  ) -> VariableGroup {
    let quantities = (rows.first?.quantities ?? []).indices.flatMap { place in
      variables(rows.map { $0.quantities[place] }, minus: lexicon.defaultKind)
    }
    return VariableGroup(
      axes: [lexicon.kindAxis],
      variables: [
        Variable("tokens", "number of tokens", over: ["kind"]) {
          .integers(rows.map(\.tokenCount))
        }
      ] + quantities,
      plot: VariableGroup.Plot(signal: "logp_gap", over: ["kind"], title: title))
  }

  /// One quantity of every kind, and its contrast with the default kind where it has one.
  private static func variables(_ column: [Quantity], minus base: String) -> [Variable] {
    let quantity = column[0]
    let value = Variable(quantity.name, units: quantity.units, quantity.title, over: ["kind"]) {
      .intervals(column.map(\.value))
    }
    guard column.contains(where: { $0.contrast != nil }) else { return [value] }
    let contrast = Variable(
      quantity.name + "_contrast", units: quantity.units, "\(quantity.title), minus \(base)",
      over: ["kind"]
    ) { .intervals(column.map { $0.contrast ?? .undefined }) }
    return [value, contrast]
  }
}
