import Tasks
import Testing

/// Checks of the built-in verifier that several suites share.
enum AnswerComparison {
  /// Both are right for each other, in a box.
  static func expectEqual(_ answer: String, _ reference: String) {
    for (a, b) in [(answer, reference), (reference, answer)] {
      let found = AnswerVerifier().verify("\\boxed{\(a)}", answer: b)
      #expect(found.outcome == .correct, "\(found.reason)")
    }
  }

  /// None is right for the other, in a box.
  static func expectDifferent(_ answer: String, _ reference: String) {
    for (a, b) in [(answer, reference), (reference, answer)] {
      let found = AnswerVerifier().verify("\\boxed{\(a)}", answer: b)
      #expect(found.outcome != .correct, "\(found.reason)")
      #expect(found.reward == 0)
    }
  }
}
