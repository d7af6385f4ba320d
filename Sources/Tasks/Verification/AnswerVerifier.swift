// Verifies the answer of a response against a reference answer.
import StrictJSON

/// The built-in verifier of answers in text.
///
/// It extracts the answer from the response by the first of its rules that finds a mark, and
/// converts answer and reference to a canonical form. They are equal if these forms have the same
/// bytes, or if both have a value and the values are equal: numbers, tuples, intervals, sets and
/// lists of them. All arithmetic is exact, so different numbers are never equal. It is limited to
/// 38 digits (powers may be larger) and a fixed number of operations, so it never hangs; the outcome
/// states if that budget was exhausted.
///
/// A single number with a unit equals the bare number, since most reference answers have lost their
/// unit. For the same reason 50% equals 50 as well as 1/2. Lists without brackets have no order.
/// The page <doc:Answers> has all rules.
public struct AnswerVerifier: Sendable, Hashable {
  /// The rules in the order in which they are tried.
  public let rules: [AnswerRule]

  /// A verifier with all rules, or with some, in the order given.
  public init(rules: [AnswerRule] = AnswerRule.allCases) {
    self.rules = rules
  }

  /// Verifies one response. Without a reference, or without an answer, the outcome is `unparsed`,
  /// also if both are missing.
  ///
  /// - Parameter answer: the reference, bare or inside a solution with `\boxed{}` or `####`.
  /// - Complexity: O(length of the response); everything after the extraction is bounded.
  public func verify(_ response: String, answer: String?) -> Verification {
    let reference: String
    switch Self.reference(answer) {
    case .success(let text): reference = text
    case .failure(let finding): return finding.verification
    }
    switch AnswerExtractor.find(in: response, rules: rules) {
    case .none:
      let marks = rules.map(\.mark).joined(separator: ", ")
      return Verification(.unparsed, reason: "no answer (expected one of: \(marks))")
    case .broken(let message, let rule):
      return Verification(.unparsed, rule: rule, reason: message)
    case .tooLong(let rule):
      return Verification(
        .overBudget, rule: rule,
        reason: "an answer of more than \(AnswerExtractor.maximumLength) bytes")
    case .answer(let text, let rule):
      let (outcome, reason) = Self.compare(text, reference, isProse: rule != .boxed)
      return Verification(outcome, extracted: text, rule: rule, reason: reason)
    }
  }

  // MARK: - Parts

  private struct NoReference: Error {
    let verification: Verification
  }

  /// The reference answer, extracted from the solution if it is inside one.
  private static func reference(_ answer: String?) -> Result<String, NoReference> {
    func fail(_ outcome: VerificationOutcome, _ reason: String) -> Result<String, NoReference> {
      .failure(NoReference(verification: Verification(outcome, reason: reason)))
    }
    guard let answer else { return fail(.unparsed, "no reference answer") }
    switch AnswerExtractor.find(in: answer, rules: [.boxed, .hashes]) {
    case .answer(let text, _): return .success(text)
    case .broken(let message, _): return fail(.unparsed, "in the reference: \(message)")
    case .tooLong: break
    case .none where answer.utf8.count <= AnswerExtractor.maximumLength: return .success(answer)
    case .none: break
    }
    return fail(
      .overBudget, "a reference of more than \(AnswerExtractor.maximumLength) bytes")
  }

  /// Compares an answer with a reference; the reason is one line.
  package static func compare(
    _ answer: String, _ reference: String, isProse: Bool
  ) -> (VerificationOutcome, String) {
    let tokens: (answer: [AnswerToken], reference: [AnswerToken])
    do {
      tokens = (
        try CanonicalAnswer.tokens(of: answer, isProse: isProse),
        try CanonicalAnswer.tokens(of: reference, isProse: true)
      )
    } catch {
      return (.overBudget, "braces nested deeper than \(CanonicalAnswer.maximumDepth)")
    }
    let text = (
      answer: tokens.answer.canonicalText, reference: tokens.reference.canonicalText
    )
    guard !text.reference.isEmpty else { return (.unparsed, "the reference answer is empty") }
    guard !text.answer.isEmpty else { return (.unparsed, "the answer is empty") }
    let words = (answer: quote(text.answer), reference: quote(text.reference))
    if text.answer.utf8.elementsEqual(text.reference.utf8) {
      return (.correct, "\(words.answer) is the reference, as text")
    }
    if AnswerChoice.isSame(tokens.answer, tokens.reference) {
      return (.correct, "\(words.answer) is the choice \(words.reference)")
    }
    var budget = OperationBudget()
    do {
      let value = try AnswerParser.value(of: tokens.answer, &budget)
      let expected = try AnswerParser.value(of: tokens.reference, &budget)
      if try value.matches(expected, &budget) {
        return (.correct, "\(words.answer) equals \(words.reference) by value")
      }
      let manner = value.isText || expected.isText ? "as text" : "by value"
      return (.wrong, "\(words.answer) is not \(words.reference), \(manner)")
    } catch .overBudget(let what) {
      return (.overBudget, "\(words.answer) against \(words.reference): \(what)")
    } catch {
      return (.wrong, "\(words.answer) is not \(words.reference), as text")
    }
  }

  private static func quote(_ text: String) -> String { JSON.string(text).summary }
}
