// The text of a rollout file.
import StrictJSON

/// The writing side of `RolloutReader`.
public enum RolloutWriter {
  /// One line per rollout, with every field that is known.
  public static func text(_ rollouts: some Sequence<Rollout>) -> String {
    rollouts.map { $0.json.text() + "\n" }.joined()
  }
}

extension Rollout {
  /// The line of a rollout file.
  package var json: JSON {
    var object: JSONObject = [
      "id": .string(id), "problem_id": .string(problemID), "cluster": .string(cluster),
    ]
    object["prompt"] = prompt.map(JSON.string)
    object["prompt_ids"] = .array(promptTokens.map { .integer(Int($0)) })
    object["response"] = response.map(JSON.string)
    object["response_ids"] = .array(responseTokens.map { .integer(Int($0)) })
    object["reward"] = reward.map(JSON.real)
    object["answer"] = answer.map(JSON.string)
    return .object(object)
  }
}
