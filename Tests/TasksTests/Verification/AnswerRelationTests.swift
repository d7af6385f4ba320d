import Tasks
import Testing

/// Names in front of values, chains of equations, inequalities as intervals, letters of choices.
@Suite struct AnswerRelationTests {
  @Test(arguments: [
    ("x=8", "8"), ("8=x", "8"), ("AB=8", "8"), ("AB = 8\\text{ cm}", "8"), ("T_{20}=8", "8"),
    ("a_n=8", "8"),
    ("f(3)=8", "8"), ("f'(3)=8", "8"),
    ("P(X>2)=\\frac18", "1/8"), ("\\angle BAC=80^\\circ", "80"), ("m\\angle A = 80", "80"),
    ("\\overline{AB}=8", "8"),
    ("|AB|=8", "8"), ("\\theta=8", "8"), ("\\text{Area}=8", "8"),
    ("\\text{Area of the square} = 8", "8"),
    ("(x,y)=(1,8)", "(1,8)"), ("x\\approx 8", "8"), ("\\approx 8", "8"), ("x ≈ 8", "8"),
    ("5+3=8", "8"), ("x=5+3=8", "8"),
    ("\\frac{8}{3}\\approx 2.67", "8/3"), ("x=\\frac83\\approx2.67", "\\frac83"),
    ("S_8=S_{8}", "S_8=S_8"),
  ])
  func aNameInFrontMayBeMissing(answer: String, reference: String) {
    AnswerComparison.expectEqual(answer, reference)
  }

  @Test(arguments: [
    ("2x=8", "8"), ("x+1=8", "8"), ("x^2=8", "8"), ("xy=8", "8"), ("x-y=8", "8"), ("x=8", "y=8"),
    ("AB=8", "BC=8"),
    ("5+3=9", "9"), ("5+3=9", "8"), ("x=8=9", "8"), ("\\frac{8}{3}\\approx 2.67", "2.67"),
    ("x\\approx 2.67", "8/3"),
    ("x\\ne 8", "8"), ("\\text{not }x=8", "8"), ("\\sin x=8", "8"), ("(x,y)=(1,8)", "(8,1)"),
    ("x=8", "x=-8"),
  ])
  func anEquationIsNoNumber(answer: String, reference: String) {
    AnswerComparison.expectDifferent(answer, reference)
  }

  @Test(arguments: [
    ("x>8", "(8,\\infty)"), ("x\\ge 8", "[8,\\infty)"), ("8\\le x", "[8,\\infty)"),
    ("x<\\frac12", "(-\\infty,0.5)"),
    ("x <= 8", "(-\\infty,8]"), ("-2<x\\le 8", "(-2,8]"), ("8 \\geq x > -2", "(-2,8]"),
    ("x\\in[2,8)", "2\\le x<8"),
    ("x<2\\text{ or }x>8", "(-\\infty,2)\\cup(8,\\infty)"),
    ("x\\le 2, x\\ge 8", "(-\\infty,2]\\cup[8,\\infty)"),
    ("x>2\\text{ and }x<8", "(2,8)"), ("x>2, x\\le 8", "(2,8]"),
    ("\\{x\\mid x>8\\}", "(8,\\infty)"),
    ("\\{x : 2<x<8\\}", "(2,8)"), ("x\\ne 8", "(-\\infty,8)\\cup(8,\\infty)"),
    ("t>\\sqrt2", "(\\sqrt2,\\infty)"),
  ])
  func anInequalityIsAnInterval(answer: String, reference: String) {
    AnswerComparison.expectEqual(answer, reference)
  }

  @Test(arguments: [
    ("x>8", "[8,\\infty)"), ("x>8", "8"), ("x>8", "(-\\infty,8)"), ("x\\ge 8", "x>8"),
    ("x>8", "y>8"), ("2x>8", "(8,\\infty)"),
    ("x^2<4", "(-\\infty,4)"), ("-2<x\\le 8", "[-2,8]"), ("2<x>8", "(2,8)"),
    ("x<2\\text{ or }x>8", "(2,8)"),
    ("x<2\\text{ and }x>8", "(-\\infty,2)\\cup(8,\\infty)"), ("x>2\\text{ or }x<8", "(2,8)"),
    ("3<8", "(3,8)"),
    ("|x|<8", "(-8,8)"), ("2<x<8", "2,8"),
  ])
  func anotherInequalityIsAnotherInterval(answer: String, reference: String) {
    AnswerComparison.expectDifferent(answer, reference)
  }

  @Test(arguments: [
    ("\\text{(D) }17", "D"), ("(D) 17", "\\text{D}"), ("\\text{D. }17", "D"),
    ("\\text{option D}", "(D)"),
    ("\\textbf{(D)}", "D"), ("New Orleans", "\\text{new Orleans}"), ("\\text{Saturn}", "saturn"),
  ])
  func choicesAndTextsAreCompared(answer: String, reference: String) {
    AnswerComparison.expectEqual(answer, reference)
  }

  @Test(arguments: [
    ("\\text{(D) }17", "E"), ("\\text{(D) }17", "17"), ("(D)+E", "D"), ("\\text{option D}", "E"),
    ("D", "DE"), ("\\text{Saturn}", "SATURN"),
  ])
  func otherChoicesAndTextsDiffer(answer: String, reference: String) {
    AnswerComparison.expectDifferent(answer, reference)
  }
}
