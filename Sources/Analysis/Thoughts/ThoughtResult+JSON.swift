// What `prerl thoughts --json` prints.
import Statistics
import StrictJSON

extension ThoughtResult {
  /// The result as JSON; a statistic is `{"mean", "low", "high"}`, null where it is not defined.
  public var json: JSON {
    var object: JSONObject = [
      "lexicon": ["name": .string(lexicon.name), "version": .string(lexicon.version)],
      "tokens": .string(first.unit.rawValue),
      "first": json(first),
    ]
    if let second {
      object["second"] = json(second)
      object["fold_change"] = byKind(changes) { change in
        [
          "base_count": .integer(change.baseCount), "count": .integer(change.count),
          "per_response": json(change.perResponse),
          "per_thousand_tokens": json(change.perThousandTokens),
          "difference_per_response": json(change.difference),
        ]
      }
    }
    if let (other, result) = agreement { object["agreement"] = json(other, result) }
    if let (source, result) = truth {
      object["truth"] = [
        "source": .string(source.rawValue), "kinds": json(result),
      ]
    }
    if let secondTruth {
      object["second_truth"] = [
        "source": .string(TruthSource.moves.rawValue), "kinds": json(secondTruth),
      ]
    }
    if let tokens {
      object["alignment"] = [
        "file": .string(tokens.path), "responses": .integer(tokens.responseCount),
        "kinds": json(tokens.rows.filter { !$0.isOpening }),
        "first_tokens": json(tokens.rows.filter(\.isOpening)),
      ]
    }
    return .object(object)
  }

  private func byKind<Element>(_ elements: [Element], _ json: (Element) -> JSON) -> JSON {
    var object = JSONObject()
    for (name, element) in zip(lexicon.kindNames, elements) { object[name] = json(element) }
    return .object(object)
  }

  private func json(_ interval: Interval) -> JSON {
    [
      "mean": .real(interval.estimate), "low": .real(interval.low), "high": .real(interval.high),
    ]
  }

  private func json(_ source: ThoughtSource) -> JSON {
    [
      "file": .string(source.path),
      "strata": .array(
        source.strata.map { stratum in
          [
            "name": .string(stratum.name), "title": .string(stratum.title),
            "responses": .integer(stratum.responseCount),
            "clusters": .integer(stratum.clusterCount), "tokens": .integer(stratum.tokenCount),
            "response_length": json(stratum.responseLength), "accuracy": json(stratum.accuracy),
            "kinds": byKind(stratum.kinds) { kind in
              [
                "count": .integer(kind.count), "responses": .integer(kind.responses),
                "per_response": json(kind.perResponse),
                "per_thousand_tokens": json(kind.perThousandTokens),
                "per_problem": json(kind.perProblem),
              ]
            },
          ]
        }),
    ]
  }

  private func json(_ other: ThoughtLexicon, _ result: LexiconAgreement) -> JSON {
    let size = result.labels.count
    let confusion = result.confusion
    return [
      "lexicon": ["name": .string(other.name), "version": .string(other.version)],
      "pieces": .integer(result.pieceCount), "agreement": json(result.agreement),
      "kappa": json(result.kappa), "labels": .array(result.labels.map(JSON.string)),
      "confusion": .array(
        (0..<size).map { row in
          .array(confusion[row * size..<(row + 1) * size].map(JSON.integer))
        }),
    ]
  }

  private func json(_ truth: ThoughtTruth) -> JSON {
    func share(_ share: ClusteredShare) -> JSON {
      var object = json(share.interval).objectValue ?? JSONObject()
      object["count"] = .integer(share.count)
      object["n"] = .integer(share.total)
      return .object(object)
    }
    var kinds = JSONObject()
    for kind in truth.kinds {
      var object: JSONObject = ["precision": share(kind.precision), "recall": share(kind.recall)]
      if truth.hasMoves {
        object["wrong_to_right"] = share(kind.wrongToRight)
        object["right_to_wrong"] = share(kind.rightToWrong)
      }
      kinds[kind.name] = .object(object)
    }
    return .object(kinds)
  }

  private func json(_ rows: [ThoughtTokenStatistics]) -> JSON {
    byKind(rows) { row in
      var object: JSONObject = ["tokens": .integer(row.tokenCount)]
      for quantity in row.quantities {
        var entry = json(quantity.value).objectValue ?? JSONObject()
        if let contrast = quantity.contrast {
          entry["minus_\(lexicon.defaultKind)"] = json(contrast)
        }
        object[quantity.name] = .object(entry)
      }
      return .object(object)
    }
  }
}
