// The dialogues of an evaluation as a rollout file.
import StrictJSON
import Tasks

extension DialogueEvaluation {
  /// A line for each dialogue: a rollout with its reward, and `turns`, an object for each turn of the assistant with the
  /// `end` of the turn in `response_ids` (one more than the last token of the user's answer and the role behind it), its
  /// `reward` and its `rating`. A turn that is no action has `DeskScore.ofFault` for both.
  public var rolloutText: String {
    var countOfProblem: [String: Int] = [:]
    return dialogues.map { dialogue in
      let sample = countOfProblem[dialogue.problem.id, default: 0]
      countOfProblem[dialogue.problem.id] = sample + 1
      let rollout = Rollout(
        id: "\(dialogue.problem.id)-\(sample)", problemID: dialogue.problem.id,
        cluster: dialogue.problem.cluster, promptTokens: dialogue.problem.promptTokens,
        responseTokens: dialogue.response, prompt: dialogue.problem.prompt,
        response: DeskVocabulary.text(of: dialogue.response), reward: dialogue.reward,
        answer: dialogue.problem.answer)
      var object = rollout.json.objectValue ?? [:]
      object["turns"] = .array(dialogue.turns)
      return JSON.object(object).text() + "\n"
    }.joined()
  }
}

extension DialogueEvaluation.Dialogue {
  fileprivate var turns: [JSON] {
    let done = transcript?.turns ?? []
    let ends = RewardedRollout.turnEnds(isOwn, count: response.count)
    return ends.enumerated().map { index, end in
      func score(_ kind: DeskScore) -> Double {
        guard let transcript, done.indices.contains(index) else { return DeskScore.ofFault }
        return kind.score(done[index].action, done[index].reply, stock: transcript.stock)
      }
      return [
        "end": .integer(end), "reward": .real(score(.reward)), "rating": .real(score(.rating)),
      ]
    }
  }
}
