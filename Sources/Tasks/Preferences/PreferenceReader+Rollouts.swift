// Pairs of responses from a file of rollouts.

extension PreferenceReader {
  /// The pairs that rewards tell. The responses to a problem are ordered by their rewards, equal ones as the file has
  /// them; the best one is paired with the last one, the second best with the one before it, and so on. So a response
  /// belongs to one pair at most. Equal rewards make a tie, and so do equal responses.
  ///
  /// - Throws: `TaskFileError` for everything that `RolloutReader` refuses, for a rollout without reward, for a problem
  ///   with several prompts, and where no two rewards of a problem differ.
  public static func pairs(
    ofRollouts path: String, options: RolloutReader.Options
  ) throws(TaskFileError) -> [PreferencePair] {
    var reader = try RolloutReader(path: path, options: options)
    var groups: [[Rollout]] = []
    var placeOfProblem: [[UInt8]: Int] = [:]
    while let rollout = try reader.next() {
      guard rollout.reward != nil else {
        throw TaskFileError(
          "rollout \(rollout.id) has no reward (expected reward or score, which says which response is better)",
          path: path)
      }
      let name = Array(rollout.problemID.utf8)
      if let place = placeOfProblem[name] {
        guard groups[place][0].promptTokens == rollout.promptTokens else {
          throw TaskFileError(
            "rollout \(rollout.id) has another prompt than \(groups[place][0].id), which belongs to the same "
              + "problem (expected one prompt a problem)", path: path)
        }
        groups[place].append(rollout)
      } else {
        placeOfProblem[name] = groups.count
        groups.append([rollout])
      }
    }
    let pairs = groups.flatMap(pairs)
    if pairs.allSatisfy(\.isTie) {
      throw TaskFileError(
        "no problem has two responses with different rewards (expected some right and some wrong)",
        path: path)
    }
    return pairs
  }

  private static func pairs(of group: [Rollout]) -> [PreferencePair] {
    let rewards = group.map { $0.reward ?? .nan }
    let order = group.indices.sorted {
      rewards[$0] == rewards[$1] ? $0 < $1 : rewards[$0] > rewards[$1]
    }
    return zip(order, order.reversed()).prefix(group.count / 2)
      .map { better, worse in
        PreferencePair(
          id: "\(group[better].id)>\(group[worse].id)", cluster: group[better].cluster,
          promptTokens: group[better].promptTokens, chosenTokens: group[better].responseTokens,
          rejectedTokens: group[worse].responseTokens,
          isTie: rewards[better] == rewards[worse]
            || group[better].responseTokens == group[worse].responseTokens)
      }
  }
}
