// Rollouts made in code: prompts as token ids, responses sampled from the model.
import KeyedRandom
import ModelCore
import Tasks

/// Four sampled responses to each of sixteen prompts of the embedded task.
///
/// The prompts are "Use a b c to make t ." in the ids of the embedded tokenizer, in which the number n
/// is token 19 + n. A model with a larger vocabulary takes the same ids as any others.
func exampleRollouts<Scalar: ModelScalar>(
  of model: Transformer<Scalar>, threads: Int
) throws -> [Rollout] {
  let numbers: [(Int32, Int32, Int32, Int32)] = [
    (10, 9, 8, 11), (7, 5, 2, 10), (4, 6, 3, 13), (9, 1, 5, 15), (8, 8, 2, 14), (3, 7, 6, 16),
    (12, 4, 5, 11), (2, 9, 7, 4), (6, 6, 1, 13), (11, 3, 5, 9), (5, 10, 4, 19), (9, 9, 7, 11),
    (1, 8, 4, 5), (7, 12, 2, 17), (6, 2, 9, 13), (10, 3, 8, 15),
  ]
  let requests = numbers.enumerated().flatMap { problem, numbers in
    let (a, b, c, target) = numbers
    let prompt: [Int32] = [1, 3, 19 + a, 19 + b, 19 + c, 4, 5, 19 + target, 6]
    return (0..<4).map { sample in
      SamplingRequest(
        prompt: prompt,
        key: RandomKey(seed: 0).derive("rollouts").derive(UInt64(problem)).derive(UInt64(sample)))
    }
  }
  let options = SamplingOptions(
    maximumNewTokens: 119, endTokens: model.configuration.eosTokens.map(Int32.init))
  var rollouts: [Rollout] = []
  try model.sample(requests, options: options, threads: threads) { index, response in
    rollouts.append(
      Rollout(
        id: "r\(index)", problemID: "p\(index / 4)", promptTokens: requests[index].prompt,
        responseTokens: response.tokens))
  }
  return rollouts
}
