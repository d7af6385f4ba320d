// The groups that compare two files, two lexicons, thoughts with the truth, and tokens by kind.
import HDF5

extension ThoughtFile {
  func writeChanges(_ group: HDF5Group) throws {
    let changes = result.changes
    try group.variable(
      "base_count", changes.map(\.baseCount), over: ["kind"], longName: "thoughts in the base")
    try group.variable(
      "count", changes.map(\.count), over: ["kind"], longName: "thoughts in the second file")
    try group.intervals(
      "per_response", changes.map(\.perResponse), over: ["kind"],
      longName: "fold change of thoughts per response")
    try group.intervals(
      "per_thousand_tokens", changes.map(\.perThousandTokens), over: ["kind"],
      longName: "fold change of thoughts per 1,000 \(result.first.unit.noun)s")
    try group.intervals(
      "difference", changes.map(\.difference), over: ["kind"],
      longName: "thoughts per response minus the base's")
    try group.markAsData(
      signal: "per_response", axes: ["kind"], title: "Fold change of thoughts per response")
  }

  func write(
    _ agreement: LexiconAgreement, _ other: ThoughtLexicon, _ group: HDF5Group
  ) throws {
    let count = agreement.labels.count
    for (scale, name) in [("label", result.lexicon.name), ("other_label", other.name)] {
      try group.scale(scale, count: count, longName: "kind by the lexicon \(name)")
      try group.variable(
        scale + "_name", agreement.labels, over: [scale], longName: "name of the kind")
    }
    try group.variable(
      "confusion", agreement.confusion, over: ["label", "other_label"],
      longName: "pieces of text by the kinds of two lexicons")
    for (name, title, interval) in [
      ("agreement", "share of pieces of the same kind", agreement.agreement),
      ("kappa", "Cohen's kappa", agreement.kappa),
    ] {
      try group.intervals(name, [interval], over: [], longName: title)
    }
    try group.markAsData(
      signal: "confusion", axes: ["label", "other_label"],
      title: "Kinds by \(result.lexicon.name) and \(other.name)")
  }

  func write(_ truth: ThoughtTruth, _ group: HDF5Group) throws {
    typealias Share = (
      name: String, title: String, of: String, KeyPath<ThoughtTruth.Kind, ClusteredShare>
    )
    let shares: [Share] = [
      (
        "precision", "share of the counted thoughts that are of the kind", "counted thoughts",
        \.precision
      ),
      ("recall", "share of what is of the kind that was counted", "what is of the kind", \.recall),
    ]
    let flips: [Share] = [
      ("wrong_to_right", "share of moves that turned wrong into right", "moves", \.wrongToRight),
      ("right_to_wrong", "share of moves that turned right into wrong", "moves", \.rightToWrong),
    ]
    for (name, title, of, path) in shares + (truth.hasMoves ? flips : []) {
      let values = truth.kinds.map { $0[keyPath: path] }
      try group.variable(
        name + "_n", values.map(\.total), over: ["kind"], longName: "number of \(of)")
      try group.variable(
        name + "_count", values.map(\.count), over: ["kind"], longName: "those that count")
      try group.intervals(name, values.map(\.interval), over: ["kind"], longName: title)
    }
    try group.markAsData(
      signal: "precision", axes: ["kind"], title: "Precision and recall of the lexicon")
  }

  func write(
    _ rows: [ThoughtTokenStatistics], _ group: HDF5Group, title: String
  ) throws {
    try group.variable(
      "tokens", rows.map(\.tokenCount), over: ["kind"], longName: "number of tokens")
    for (place, quantity) in (rows.first?.quantities ?? []).enumerated() {
      let column = rows.map { $0.quantities[place] }
      try group.intervals(
        quantity.name, column.map(\.value), over: ["kind"], units: quantity.units,
        longName: quantity.title)
      guard column.contains(where: { $0.contrast != nil }) else { continue }
      try group.intervals(
        quantity.name + "_contrast", column.map { $0.contrast ?? .undefined }, over: ["kind"],
        units: quantity.units,
        longName: "\(quantity.title), minus \(result.lexicon.defaultKind)")
    }
    try group.markAsData(signal: "logp_gap", axes: ["kind"], title: title)
  }
}
