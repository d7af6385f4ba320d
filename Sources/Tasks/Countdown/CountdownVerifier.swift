// The reward of the Countdown task.

/// Judges a response only by its answer (with three numbers the last seven tokens), not by how it
/// was found or by its number of minus signs.
public enum CountdownVerifier {
  /// Whether y ends in `Answer A o B o C <eos>` with exactly the problem's numbers, in any order,
  /// and the target as exact value. Numbers may be given by name.
  public static func verify(
    _ response: [Int32], of problem: CountdownProblem
  ) -> CountdownVerdict {
    typealias Words = CountdownVocabulary
    guard response.last == Words.eos else { return .unfinished }
    let start = response.count - problem.variant.answerLength
    guard start >= 0, response[start] == Words.answer,
      let first = Words.number(of: response[start + 1])
    else { return .unparsed }
    var names = [first]
    for place in stride(from: start + 2, to: response.count - 1, by: 2) {
      guard let sign = Words.sign(of: response[place]),
        let number = Words.number(of: response[place + 1])
      else { return .unparsed }
      names.append(sign * number)
    }
    let terms = names.compactMap { name in
      problem.number(named: abs(name)).map { name < 0 ? -$0 : $0 }
    }
    guard terms.map({ abs($0) }).sorted() == problem.numbers.sorted() else { return .wrongNumbers }
    return sum(terms) == problem.target ? .correct : .wrongValue
  }
}
