// What `prerl thoughts --json` prints.
import Statistics
import StrictJSON
import Tables

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
          "per_response": change.perResponse.json(),
          "per_thousand_tokens": change.perThousandTokens.json(),
          "difference_per_response": change.difference.json(),
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
    object["effects"] = effects.map(json)
    object["second_effects"] = secondEffects.map(json)
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

  private func json(_ source: ThoughtSource) -> JSON {
    [
      "file": .string(source.path),
      "strata": .array(
        source.strata.map { stratum in
          [
            "name": .string(stratum.name), "title": .string(stratum.title),
            "responses": .integer(stratum.responseCount),
            "clusters": .integer(stratum.clusterCount), "tokens": .integer(stratum.tokenCount),
            "response_length": stratum.responseLength.json(), "accuracy": stratum.accuracy.json(),
            "kinds": byKind(stratum.kinds) { kind in
              [
                "count": .integer(kind.count), "responses": .integer(kind.responses),
                "per_response": kind.perResponse.json(),
                "per_thousand_tokens": kind.perThousandTokens.json(),
                "per_problem": kind.perProblem.json(),
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
      "pieces": .integer(result.pieceCount), "agreement": result.agreement.json(),
      "kappa": result.kappa.json(), "labels": .array(result.labels.map(JSON.string)),
      "confusion": .array(
        (0..<size).map { row in
          .array(confusion[row * size..<(row + 1) * size].map(JSON.integer))
        }),
    ]
  }

  private func share(_ share: ClusteredShare) -> JSON {
    share.interval.json("mean", ["count": .integer(share.count), "n": .integer(share.total)])
  }

  private func json(_ effects: ThoughtEffects) -> JSON {
    var kinds = JSONObject()
    for kind in effects.kinds {
      kinds[kind.name] = [
        "count": .integer(kind.count), "changed": share(kind.changed),
        "wrong_to_right": share(kind.wrongToRight), "right_to_wrong": share(kind.rightToWrong),
      ]
    }
    return .object(kinds)
  }

  private func json(_ truth: ThoughtTruth) -> JSON {
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
        object[quantity.name] =
          if let contrast = quantity.contrast {
            quantity.value.json("mean", ["minus_\(lexicon.defaultKind)": contrast.json()])
          } else {
            quantity.value.json()
          }
      }
      return .object(object)
    }
  }
}
