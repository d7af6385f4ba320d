import Tasks
import Testing

/// Variables in answers: identities of polynomials and their quotients, and nothing more.
@Suite struct AnswerVariableTests {
  @Test(arguments: [
    ("x+4", "4+x"), ("(x+4)(x-4)", "x^2-16"), ("3ab", "3ba"), ("2ab^2", "2b^2a"),
    ("\\frac{x+4}{x}", "1+\\frac4x"),
    ("\\frac{x^2-16}{x-4}", "x+4"), ("y=3x+4", "4+3x"), ("x(x+4)", "x^2+4x"),
    ("3\\pi r^2", "\\pi\\cdot 3r^2"),
    ("(x+\\sqrt2)^2", "x^2+2\\sqrt2x+2"), ("\\alpha+\\beta", "\\beta+\\alpha"), ("x-x", "0"),
    ("2^{3}n", "8n"),
    ("x>2a", "(a+a,\\infty)"), ("\\{x,2x\\}", "\\{x+x,x\\}"), ("e^2\\cdot e", "e^3"),
  ])
  func identitiesAreEqual(answer: String, reference: String) {
    AnswerComparison.expectEqual(answer, reference)
  }

  @Test(arguments: [
    ("x+4", "x-4"), ("x+4", "y+4"), ("x+4", "X+4"), ("2ab^2", "2a^2b"), ("\\sqrt{x^2}", "x"),
    ("|2x|", "2x"), ("(x^2)^{1/2}", "x"),
    ("f(2x)", "2f(x)"), ("\\ln(2x)", "2\\ln(x)"), ("ln(2x)", "2ln(x)"), ("sin(2x)", "2sin(x)"),
    ("f'(x)", "f(x)"),
    ("x_1+x_2", "x_1+x_1"), ("5x", "5"), ("x", "X"), ("x^y", "y^x"), ("4-b", "b-4"), ("x!", "x"),
    ("\\lfloor x\\rfloor", "x"),
    ("xyz+1", "zyx+2"), ("\\frac{1}{x-x}", "0"), ("x=y", "x=z"), ("\\pi", "p\\cdot i"),
    ("\\log_x x^2", "3"),
  ])
  func othersAreDifferent(answer: String, reference: String) {
    AnswerComparison.expectDifferent(answer, reference)
  }
}
