// A problem in the form in which responses are sampled for it.
import KeyedRandom
import Tasks

/// A prompt in tokens, its names, and the Countdown problem behind it where it is one.
struct SamplingProblem: Sendable {
  let id: String
  let cluster: String
  let promptTokens: [Int32]
  let prompt: String?
  let answer: String?
  let countdown: CountdownProblem?

  /// Built-in problems: draws from the held-out number sets. A longer list begins with a shorter
  /// one and none depends on the seed, so that every run is evaluated on the same problems. A draw
  /// that repeats a problem is still a problem of its own; the number set is the cluster.
  static func heldOut(_ count: Int, _ variant: CountdownVariant = .three) -> [SamplingProblem] {
    let key = RandomKey(seed: 0).derive("held-out problems")
    let problems = CountdownProblem.samples(count, .heldOut, variant, key: key)
    return problems.enumerated().map { index, problem in
      SamplingProblem(
        id: "p\(index)", cluster: problem.cluster, promptTokens: problem.prompt,
        prompt: CountdownVocabulary.text(of: problem.prompt), answer: String(problem.target),
        countdown: problem)
    }
  }

  /// The problems of a file, encoded for a checkpoint.
  static func read(path: String, for checkpoint: Checkpoint) throws -> [SamplingProblem] {
    let encoder = TextEncoder(checkpoint: checkpoint)
    // Every line up to the last problem holds one, so a problem's place is its line.
    return try ProblemReader.read(path: path).enumerated().map { index, problem in
      func fault(_ message: String) -> TaskFileError {
        TaskFileError(message, path: path, line: index + 1)
      }
      let tokens: [Int32]
      do {
        tokens = try encoder.encode(prompt: problem.prompt)
      } catch {
        throw fault("the prompt cannot be encoded: \(error)")
      }
      let limit = checkpoint.configuration.vocabularySize
      guard !tokens.isEmpty, tokens.allSatisfy({ $0 >= 0 && Int($0) < limit }) else {
        throw fault("the prompt has no tokens of the model (expected ids below \(limit))")
      }
      let countdown = CountdownProblem(prompt: tokens)
      if checkpoint.isCountdown, countdown == nil {
        throw fault(
          "no Countdown problem (expected Use a b c to make T . of three to five numbers)")
      }
      let text = try encoder.text(of: problem.prompt)
      return SamplingProblem(
        id: problem.id,
        cluster: problem.cluster == problem.id ? countdown?.cluster ?? problem.id : problem.cluster,
        promptTokens: tokens,
        prompt: checkpoint.isCountdown ? CountdownVocabulary.text(of: tokens) : text,
        answer: problem.answer ?? countdown.map { String($0.target) }, countdown: countdown)
    }
  }
}
