// The group of the agreement of two lexicons.
import Tables

extension LexiconAgreement {
  /// The group of the confusion, the agreement and kappa; both lexicons name axes.
  func group(_ lexicon: ThoughtLexicon, _ other: ThoughtLexicon) -> VariableGroup {
    let axes = [("label", lexicon.name), ("other_label", other.name)].map { axis, name in
      Axis(axis, "kind by the lexicon \(name)", names: labels, "name of the kind")
    }
    return VariableGroup(
      axes: axes,
      variables: [
        Variable(
          "confusion", "pieces of text by the kinds of two lexicons", over: axes.map(\.name)
        ) { .integers(confusion) },
        Variable("agreement", "share of pieces of the same kind") { .intervals([agreement]) },
        Variable("kappa", "Cohen's kappa") { .intervals([kappa]) },
      ],
      plot: VariableGroup.Plot(
        signal: "confusion", over: axes.map(\.name),
        title: "Kinds by \(lexicon.name) and \(other.name)"))
  }
}
