// The tables of `prerl thoughts`.
import Statistics
import Tables

/// A result as text.
public struct ThoughtReport {
  private let result: ThoughtResult
  private var names: [String] { result.lexicon.kindNames }
  private var noun: String { result.first.unit.noun }

  public init(_ result: ThoughtResult) {
    self.result = result
  }

  /// All tables, an empty line between them.
  public var text: String {
    var parts = [source(result.first)]
    if let second = result.second { parts += [source(second), changes(second)] }
    if let (source, truth) = result.truth { parts.append(table(truth, source, result.first)) }
    if let truth = result.secondTruth, let second = result.second {
      parts.append(table(truth, .moves, second))
    }
    if let effects = result.effects { parts.append(table(effects, result.first)) }
    if let effects = result.secondEffects, let second = result.second {
      parts.append(table(effects, second))
    }
    if let (other, agreement) = result.agreement { parts.append(table(agreement, other)) }
    if let tokens = result.tokens {
      parts.append(table(tokens.rows, tokens.path, tokens.responseCount))
    }
    return parts.joined(separator: "\n\n")
  }

  // MARK: - One file

  private func source(_ source: ThoughtSource) -> String {
    let all = source.strata[0]
    var kinds = TextTable([
      "kind", "count", "responses", "per response", "95% interval", "per 1,000 \(noun)s",
      "95% interval", "per problem",
    ])
    for (name, kind) in zip(names, all.kinds) {
      kinds.add([
        name, "\(kind.count)", "\(kind.responses)", fixed(kind.perResponse.estimate, 3),
        kind.perResponse.ends(3), fixed(kind.perThousandTokens.estimate, 2),
        kind.perThousandTokens.ends(2), fixed(kind.perProblem.estimate, 3),
      ])
    }
    var strata = TextTable(
      ["", "responses", "\(noun)s", "accuracy", "95% interval"]
        + names.flatMap { ["\($0)", "per 1,000"] })
    for stratum in source.strata where stratum.responseCount > 0 {
      strata.add(
        [
          stratum.name, "\(stratum.responseCount)", fixed(stratum.responseLength.estimate, 1),
          fixed(stratum.accuracy.estimate, 3), stratum.accuracy.ends(3),
        ]
          + stratum.kinds.flatMap {
            [fixed($0.perResponse.estimate, 3), fixed($0.perThousandTokens.estimate, 2)]
          })
    }
    let quarters = source.strata.filter { $0.name.hasPrefix("length") && $0.responseCount > 0 }
      .map { "\($0.name.suffix(1)): \($0.title.dropFirst("length ".count))" }
    return """
      \(source.path): \(all.responseCount) rollouts, \(all.clusterCount) clusters, accuracy \
      \(fixed(all.accuracy.estimate, 3)) (\(all.accuracy.ends(3))); lexicon \
      \(result.lexicon.name) \(result.lexicon.version); tokens: \(source.unit.rawValue)
      \(kinds.text)

      thoughts per response and per 1,000 \(noun)s (quarters of length \
      \(quarters.joined(separator: "; ")))
      \(strata.text)
      """
  }

  // MARK: - Comparisons

  private func changes(_ second: ThoughtSource) -> String {
    var table = TextTable([
      "kind", "base count", "count", "base per response", "per response", "fold", "95% interval",
      "fold per 1,000", "95% interval", "difference", "95% interval",
    ])
    let (base, all) = (result.first.strata[0], second.strata[0])
    for (place, change) in result.changes.enumerated() {
      table.add([
        names[place], "\(change.baseCount)", "\(change.count)",
        fixed(base.kinds[place].perResponse.estimate, 3),
        fixed(all.kinds[place].perResponse.estimate, 3),
        fixed(change.perResponse.estimate, 2), change.perResponse.ends(2),
        fixed(change.perThousandTokens.estimate, 2), change.perThousandTokens.ends(2),
        fixed(change.difference.estimate, 3), change.difference.ends(3),
      ])
    }
    return """
      change from \(result.first.path) to \(second.path) (accuracy \
      \(fixed(base.accuracy.estimate, 3)) to \(fixed(all.accuracy.estimate, 3)), length \
      \(fixed(base.responseLength.estimate, 1)) to \(fixed(all.responseLength.estimate, 1)))
      \(table.text)
      """
  }

  private func table(
    _ truth: ThoughtTruth, _ source: ThoughtResult.TruthSource, _ file: ThoughtSource
  ) -> String {
    let shares: [(String, KeyPath<ThoughtTruth.Kind, ClusteredShare>)] =
      [("precision", \.precision), ("recall", \.recall)]
      + (truth.hasMoves
        ? [("wrong→right", \.wrongToRight), ("right→wrong", \.rightToWrong)] : [])
    var table = TextTable(["kind"] + shares.flatMap { [$0.0, "95% interval", "n"] })
    for kind in truth.kinds where kind.precision.total + kind.recall.total > 0 {
      table.add(
        [kind.name]
          + shares.flatMap { _, path in
            let share = kind[keyPath: path]
            return [
              fixed(share.interval.estimate, 3), share.interval.ends(3),
              "\(share.count)/\(share.total)",
            ]
          })
    }
    let title =
      source == .labels
      ? "\(file.path) against its labels"
      : "\(file.path) against what its moves did (a reflection that repairs an error, a "
        + "transition that reaches the target); flips are per move"
    return "\(title)\n\(table.text)"
  }

  private func table(_ effects: ThoughtEffects, _ file: ThoughtSource) -> String {
    var table = TextTable([
      "kind", "count", "after an answer", "changed it", "95% interval", "wrong→right",
      "95% interval", "right→wrong", "95% interval",
    ])
    for kind in effects.kinds where kind.count > 0 {
      table.add(
        [kind.name, "\(kind.count)", "\(kind.changed.total)"]
          + [kind.changed, kind.wrongToRight, kind.rightToWrong].flatMap {
            [fixed($0.interval.estimate, 3), $0.interval.ends(3)]
          })
    }
    return """
      \(file.path): what thoughts did to the answer before them (published: over 90% of the \
      reflections of reasoning models only confirm it, arXiv 2510.08308)
      \(table.text)
      """
  }

  private func table(_ agreement: LexiconAgreement, _ other: ThoughtLexicon) -> String {
    let labels = agreement.labels
    var table = TextTable(["\(result.lexicon.name) \\ \(other.name)"] + labels)
    for (row, name) in labels.enumerated() {
      let counts = agreement.confusion[row * labels.count..<(row + 1) * labels.count]
      table.add([name] + counts.map(String.init))
    }
    let (kappa, share) = (agreement.kappa, agreement.agreement)
    return """
      \(result.lexicon.name) \(result.lexicon.version) and \(other.name) \(other.version) on \
      \(agreement.pieceCount) pieces of text: kappa \(fixed(kappa.estimate, 3)) \
      (\(kappa.ends(3))), agreement \(fixed(share.estimate, 3)) (\(share.ends(3)))
      \(table.text)
      """
  }

  private func table(
    _ rows: [ThoughtTokenStatistics], _ path: String, _ responseCount: Int
  ) -> String {
    var table = TextTable(
      [
        "tokens of", "quantity", "n", "value", "95% interval",
        "minus \(result.lexicon.defaultKind)", "95% interval",
      ], numbers: 2..<7)
    for row in rows {
      let name = names[row.kind] + (row.isOpening ? ", first" : "")
      for (place, quantity) in row.quantities.enumerated() {
        table.add([
          place == 0 ? name : "", quantity.name, place == 0 ? "\(row.tokenCount)" : "",
          significant(quantity.value.estimate, 3), quantity.value.significantEnds(3),
          quantity.contrast.map { significant($0.estimate, 3) } ?? "",
          quantity.contrast.map { $0.significantEnds(3) } ?? "",
        ])
      }
    }
    return "tokens of \(responseCount) rollouts in \(path)\n\(table.text)"
  }
}
