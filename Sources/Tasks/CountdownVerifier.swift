// The reward of the embedded task.

/// Judges a response by its last seven tokens alone: how the answer was found is not looked at, nor
/// is the number of minus signs.
public enum CountdownVerifier {
  /// Whether y ends in `Answer A o B o C <eos>` with exactly the problem's numbers, in any order,
  /// and the target as exact value.
  public static func verify(
    _ response: [Int32], of problem: CountdownProblem
  ) -> CountdownVerdict {
    typealias Words = CountdownVocabulary
    guard response.last == Words.eos else { return .unfinished }
    let start = response.count - CountdownCorpus.answerLength
    guard start >= 0, response[start] == Words.answer,
      let a = Words.number(of: response[start + 1]),
      let plusB = Words.sign(of: response[start + 2]),
      let b = Words.number(of: response[start + 3]),
      let plusC = Words.sign(of: response[start + 4]),
      let c = Words.number(of: response[start + 5])
    else { return .unparsed }
    guard ascending(SIMD3(a, b, c)) == problem.sortedNumbers else { return .wrongNumbers }
    return a + plusB * b + plusC * c == problem.target ? .correct : .wrongValue
  }
}
