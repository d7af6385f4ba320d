import Foundation
import Tasks
import Testing

/// The built-in verifier: what it calls equal, what it must not, and how it finds the answer.
@Suite struct AnswerVerifierTests {
  private func outcome(_ answer: String, _ reference: String?) -> VerificationOutcome {
    AnswerVerifier().verify("so \\boxed{\(answer)}.", answer: reference).outcome
  }

  // MARK: - Equality

  /// Answers in the spirit of MATH, AIME and GSM8K.
  static let answers = [
    "0", "-17", "033", "204", "1,048,576", "12{,}500", "3.75", ".125", "-0.5", "2.50\\%", "40\\%",
    "\\frac{7}{12}", "-\\frac{5}{9}", "\\dfrac{3}{8}", "\\frac12", "\\frac{19}4", "7/12",
    "3\\frac{1}{4}", "\\sqrt{7}", "5\\sqrt3", "\\frac{\\sqrt{10}}{4}", "\\frac{3+\\sqrt{13}}{2}",
    "\\frac{7\\pi}{6}", "12-3\\pi", "36\\pi\\text{ cm}^2", "4-7i", "-2+i\\sqrt{6}", "2^{2015}-3",
    "7^{13}", "(2,-5)", "(\\frac{1}{2},-\\frac{3}{4},0)", "(-\\infty,4]\\cup(6,\\infty)", "[0,1)",
    "\\{1,3,9\\}", "-4,0,4", "1+i,1-i", "\\pm 6", "3\\pm\\sqrt{5}", "x=11", "n=2,3,4",
    "x\\in[-2,7]", "f(x)=2x-9", "y=3x^2-4x+1", "x^2+3x-10", "(a+2b)(a-2b)", "2x-y+3z+8=0",
    "\\text{Wednesday}", "{odd}", "\\text{(C)}", "A,C,F", "12:45", "3:7", "1101_2", "342_{5}",
    "\\begin{pmatrix}2&-1\\\\0&5\\end{pmatrix}", "\\begin{pmatrix}4\\-3\\end{pmatrix}",
    "65^\\circ", "\\$4.20", "18\\text{ square inches}", "\\cos^2\\theta", "\\frac{a+b}{2ab}",
    "6.4\\times10^{-5}", "0.\\overline{27}", "\\approx 4.47", "\\log_2 5", "\\emptyset",
    "{Asia,Europe}", "\\frac{\\}{q}+1", "\\frac{3}{2}\\approx1.5", "10! - 1", "(-3,8);(2,5)",
  ]

  @Test(arguments: answers)
  func anAnswerAgainstItselfIsCorrect(answer: String) {
    #expect(outcome(answer, answer) == .correct)
    for response in [
      "The answer is $\(answer)$.", "work\n#### \(answer)", "**Answer:** $\(answer)$",
      "\\fbox{\(answer)}",
    ] {
      let found = AnswerVerifier().verify(response, answer: answer)
      #expect(found.outcome == .correct, "\(response): \(found.reason)")
      #expect(found.reward == 1)
    }
  }

  @Test func differentAnswersAreNeverCorrect() {
    // The fixture's answers differ pairwise, except for these.
    let equal = [["\\frac{7}{12}", "7/12"]]
    for (index, a) in Self.answers.enumerated() {
      for b in Self.answers[(index + 1)...] {
        let found = outcome(a, b)
        let isSame = equal.contains([a, b])
        #expect((found == .correct) == isSame, "\(a) and \(b)")
        #expect(found == outcome(b, a), "\(a) and \(b)")
      }
    }
  }

  @Test(arguments: [
    ("\\frac{1}{2}", "0.5"), ("\\frac12", ".50"), ("\\tfrac{2}{4}", "1/2"),
    ("-\\frac{1}{2}", "\\frac{-1}{2}"),
    ("\\frac{1}{-2}", "-0.5"), ("3\\frac{1}{2}", "3.5"), ("3 1/2", "\\frac72"),
    ("-3\\frac12", "-3.5"),
    ("1,000", "1000"), ("1{,}000", "1000"), ("1\\,000", "1000"), ("1,\\!000", "1000"),
    ("1 000", "1000"),
    ("12,441,600.5", "12441600.5"), ("1.5\\times 10^{3}", "1500"), ("1.5 \\cdot 10^3", "1,500"),
    ("1.5e3", "1500"), ("10^{-2}", "0.01"), ("10^-2", "1/100"), ("2^{10}", "1024"),
    ("2^10", "1024"),
    ("2**10", "1024"), ("5!", "120"), ("50\\%", "0.5"), ("50\\%", "50"), ("50%", "\\frac12"),
    ("50", "50\\%"),
    ("50\\text{ percent}", "50"), ("90^\\circ", "90"), ("90^{\\circ}", "90°"),
    ("90\\text{ degrees}", "90^\\circ"),
    ("5\\text{ cm}", "5"), ("5 cm", "5"), ("5\\mathrm{m}", "5 \\text{ meters}"),
    ("5\\text{ cm}^2", "5"),
    ("5\\text{ square inches}", "5\\text{ in}^2"), ("12\\text{ apples}", "12"), ("\\$18.00", "18"),
    ("\\$18", "18\\text{ dollars}"), ("3\\text{ million}", "3000000"),
    ("3\\text{ million dollars}", "3{,}000{,}000"),
    ("$\\left( 3, \\frac{\\pi}{2} \\right)$", "(3,\\frac{\\pi}{2})"),
    ("( 1,2 )", "(1.0,\\frac{4}{2})"),
    ("(-\\infty, 2]", "(-\\infty,2]"), ("[1,2]\\cup(3,4)", "(3,4)\\cup[1,2]"),
    ("\\{3,1,2\\}", "1, 2, 3"),
    ("2, 3", "3,2"), ("2 \\text{ and } 3", "2,3"), ("2 or -12", "2{or}-12"),
    ("x=5", "5"), ("5", "x = 5"), ("x\\in[1,2]", "[1,2]"), ("n=2,3", "3,2"),
    ("x=1\\text{ or }x=2", "1,2"),
    ("x=1, y=2", "y=2,x=1"), ("\\theta=\\frac{\\pi}{3}", "\\frac{\\pi}{3}"),
    ("\\frac{1}{\\sqrt{2}}", "\\frac{\\sqrt{2}}{2}"), ("\\sqrt{12}", "2\\sqrt3"),
    ("\\sqrt{8}+\\sqrt{2}", "3\\sqrt{2}"),
    ("\\sqrt{\\frac{1}{4}}", "0.5"), ("\\sqrt{2}\\cdot\\sqrt{8}", "4"),
    ("(1+\\sqrt{2})^2", "3+2\\sqrt{2}"),
    ("sqrt(2)", "\\sqrt{2}"), ("√2", "\\sqrt2"), ("\\frac{\\pi}{2}", "\\pi/2"), ("2π", "2\\pi"),
    ("pi", "\\pi"),
    ("0.5\\pi", "\\frac{\\pi}{2}"), ("i\\sqrt{2}", "\\sqrt{-2}"), ("-5i+\\sqrt{3}", "\\sqrt{3}-5i"),
    ("(2+i)(2-i)", "5"),
    ("\\text{thursday}", "{Thursday}"), ("\\textbf{(A)}", "A"), ("(A)", "\\text{A}"),
    ("**73**", "73"), ("73.", "73"),
    ("−5", "-5"), ("42_{5}", "42_5"), ("x^{2}+1", "x^2+1"), ("\\dfrac{x}{2}", "\\frac{x}2"),
    ("y=2x+3", "2x+3"),
    ("\\begin{pmatrix} 4 \\\\ -3 \\end{pmatrix}", "\\begin{pmatrix}4\\-3\\end{pmatrix}"),
    ("033", "33"),
    ("\\boxed{7}", "7"), ("\\,7\\;", "7"), ("\\ 7~", "7"), ("\\(7\\)", "7"), ("{7}", "7"),
    ("6,\\,-11", "-11,6"),
    ("1.0", "1"), ("\\frac{2003!}{2003!}", "\\frac{2003!}{2003!}"),
  ])
  func equalAnswersAreCorrectEitherWay(answer: String, reference: String) {
    for (a, b) in [(answer, reference), (reference, answer)] {
      let found = AnswerVerifier().verify("\\boxed{\(a)}", answer: b)
      #expect(found.outcome == .correct, "\(found.reason)")
    }
  }

  /// Most of these are false positives that other verifiers have had.
  @Test(arguments: [
    ("\\frac{1}{2004!}", "\\frac{1}{2006!}"), ("n=2,3,4", "n=1,2,3"), ("\\pm2021", "2021"),
    ("\\pm 2021", "-2021"),
    ("12:00", "1:00"), ("3x+2y=0", "5x-y=0"), ("x+1=0", "0"),
    ("0", "3x+5y+7=0"),
    ("840,840", "840"), ("840", "840,840"), ("840840", "840,840,1"), ("73**", "74"),
    ("31/2", "3 1/2"), ("1 2", "12"),
    ("2003^{2002^{2001}}", "2003"), ("2003^2002^2001", "2003^2002^2000"), ("2004!", "2005!"),
    ("5!!", "120"),
    ("x=5", "y=5"), ("x=1,y=2", "2,1"), ("x=1,y=2", "1,2"), ("(1,2)", "(2,1)"), ("(1,2)", "[1,2]"),
    ("(1,2]", "(1,2)"),
    ("(1,2)", "1,2"), ("\\{1,1,2\\}", "\\{1,2,2\\}"), ("1,2", "1,2,2"), ("1,2", "12"),
    ("(1,000)", "1000"),
    ("1,0000", "10000"), ("1,123,5", "11235"), ("5", "-5"), ("5", "5.0001"),
    ("0.333", "\\frac{1}{3}"), ("3.14", "\\pi"),
    ("\\frac{22}{7}", "\\pi"), ("1.414", "\\sqrt{2}"), ("3\\text{ m}", "3\\text{ km}"),
    ("\\$50", "50\\text{ cents}"),
    ("5\\text{ cm}", "5\\text{ cm}^2"), ("5\\text{ million}", "5"), ("5\\text{ or more}", "5"),
    ("5x", "5"), ("5", "5x"),
    ("5y", "5"), ("5 x", "5"), ("50\\%", "5"), ("50\\%", "500"), ("\\infty", "-\\infty"),
    ("ABC", "ACB"), ("ABC", "abc"),
    ("even", "neve"), ("A", "B"), ("A", "a"), ("43_5", "43"), ("43_5", "43_6"),
    ("x^{23}", "x^{2}3"),
    ("x^{12}", "x^{1}2"), ("1/2\\pi", "\\frac{1}{2\\pi}"), ("2\\frac{5}{3}", "\\frac{11}{3}"),
    ("\\sqrt{12}", "\\sqrt{1}2"),
    ("\\frac{1}{0}", "\\infty"), ("\\frac{1}{0}", "\\frac{2}{0}"), ("0^{-1}", "0"),
    ("90^\\circ", "\\frac{\\pi}{2}"),
    ("3\\pm\\sqrt{2}", "3+\\sqrt{2}"),
    ("\\begin{pmatrix}6\\\\3\\end{pmatrix}", "\\begin{pmatrix}63\\end{pmatrix}"),
    ("10^{100}", "10^{101}"), ("1e400", "1e401"), ("0.1+0.2", "0.30000000000000004"),
    ("9007199254740993", "9007199254740992"), ("\\text{not }5", "5"), ("5\\text{ is wrong}", "6"),
    ("1-2", "1"), ("2-b", "b-2"),
  ])
  func differentAnswersAreNotCorrectEitherWay(answer: String, reference: String) {
    for (a, b) in [(answer, reference), (reference, answer)] {
      let found = AnswerVerifier().verify("\\boxed{\(a)}", answer: b)
      #expect(found.outcome != .correct, "\(found.reason)")
      #expect(found.reward == 0)
    }
  }

  @Test(arguments: [
    "2003^{2002^{2001}}", "2003^2002^2001", "2004!", "\\frac{1}{2004!}", "(((9!)!)!)!",
    "10^{10^{10}}",
    "2^{-2^{60}}", "1e99999999999", String(repeating: "9", count: 2000),
    "\\sqrt{18446744073709551557}",
    String(repeating: "(", count: 300) + "1" + String(repeating: ")", count: 300),
    String(repeating: "{", count: 300) + "1" + String(repeating: "}", count: 300),
    String(repeating: "\\frac1", count: 300),
    String(repeating: "1+", count: 2000) + "\\sqrt{2}^{999}",
    "(1+\\sqrt2+\\sqrt3+\\sqrt5+\\sqrt7+\\pi)^{1000}", String(repeating: "7", count: 5000),
  ])
  func expensiveAnswersAreOverBudgetAtOnce(answer: String) {
    let clock = ContinuousClock()
    for reference in ["7", "2005!"] {
      var found: Verification?
      let time = clock.measure {
        found = AnswerVerifier().verify("\\boxed{\(answer)}", answer: reference)
      }
      #expect(found?.outcome == .overBudget, "\(found?.reason ?? "")")
      #expect(time < .seconds(1))
    }
  }

  @Test func operationsAreBoundedToo() {
    let numbers = (0..<1000).map(String.init)
    let (ascending, descending) = (
      numbers.joined(separator: ","), numbers.reversed().joined(separator: ",")
    )
    #expect(outcome(ascending, descending) == .overBudget)
    #expect(outcome(ascending, ascending + ",") == .correct)
    // One root of the largest radicand that is factored, then many.
    let root = "\\sqrt{281474976710597}"
    #expect(outcome(root, "\\frac{2}{2}" + root) == .correct)
    let roots = Array(repeating: root, count: 100).joined(separator: "+")
    #expect(outcome(roots, "100" + root) == .overBudget)
  }

  // MARK: - Extraction

  @Test(arguments: [
    ("\\boxed{1}, then \\boxed{2}", "2", AnswerRule.boxed),
    ("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}", .boxed),
    ("\\boxed{\\{1,2\\}}", "\\{1,2\\}", .boxed), ("\\boxed 5", "5", .boxed),
    ("$\\boxed 5$ is it", "5", .boxed),
    ("\\boxed 5.", "5", .boxed), ("\\(\\boxed \\frac{1}{2}\\) so", "\\frac{1}{2}", .boxed),
    ("\\fbox{7}", "7", .boxed),
    ("\\boxed {7}", "7", .boxed), ("ANSWER: \\boxed{42}", "42", .boxed),
    ("#### 3\n\\boxed{4}", "4", .boxed),
    ("The answer is 3. #### no\n\\boxed{4}", "4", .boxed), ("\\boxed{a}}", "a", .boxed),
    ("\\boxed{\\text{a b}}", "\\text{a b}", .boxed),
    ("6*7=42\n#### 42", "42", .hashes), ("####42", "42", .hashes),
    ("#### 41\n#### 42\n", "42", .hashes),
    ("#### 1,234\nDone with it.", "1,234", .hashes), ("#### 12 apples", "12 apples", .hashes),
    ("#### Step two\nThe answer is 9", "9", .phrase), ("##### 3\nAnswer: 4", "4", .phrase),
    ("C#### 3\nAnswer: 4", "4", .phrase),
    ("The answer is 42.", "42", .phrase), ("the final ANSWER IS: 42", "42", .phrase),
    ("Answer: 42", "42", .phrase),
    ("**Answer:** 42", "42", .phrase), ("**Answer**: 42", "42", .phrase),
    ("Answer: **73**", "73", .phrase),
    ("**Final Answer: 73**", "73", .phrase), ("The answer is **73**, surely", "73", .phrase),
    ("answer is $x=5$.", "$x=5$", .phrase),
    ("Answer:\n\n42\n", "42", .phrase),
    ("The answer is:\n\\[ x\n= 5 \\]\nand so on", "\\[ x\n= 5 \\]", .phrase),
    ("The answer is 3.5. Check it.", "3.5", .phrase),
    ("The answer is 1. The answer is 2! ", "2", .phrase),
    ("answer = 8", "8", .phrase), ("The answer is 4; the answer.", "4; the answer", .phrase),
  ])
  func theLastMarkOfTheFirstRuleIsTaken(response: String, answer: String, rule: AnswerRule) {
    let found = AnswerVerifier().verify(response, answer: "no")
    #expect(found.extracted == answer)
    #expect(found.rule == rule)
  }

  @Test(arguments: [
    "", " ", "I do not know", "42", "\\boxed{5", "\\boxed{5} but \\boxed{6", "\\boxed{\\frac{1}{2}",
    "\\boxed{}", "\\boxed{ }",
    "\\boxed", "\\boxed$", "\\boxed{5\\boxed{", "#### 5 \\boxed{", "####",
    "The answer is", "Answer:",
    "Answer: 5\nAnswer:", "answer", "answers: 5", "myanswer: 5", "\\boxedx{5}", "\\boxed{$$}",
    "\\boxed{\\,}", "The answer is .",
  ])
  func aMissingOrBrokenAnswerIsUnparsed(response: String) {
    for reference in ["5", "", nil] as [String?] {
      let found = AnswerVerifier().verify(response, answer: reference)
      #expect(found.outcome == .unparsed, "\(found.reason)")
      #expect(found.reward == 0)
    }
  }

  @Test(arguments: [nil, "", " \n", "$$", "\\boxed{}", "\\boxed{5", "\\text{}", "**"] as [String?])
  func withoutReferenceNothingIsCorrect(reference: String?) {
    for response in ["\\boxed{5}", "\\boxed{}", "", "\\boxed{\(reference ?? "")}"] {
      #expect(AnswerVerifier().verify(response, answer: reference).outcome == .unparsed)
    }
  }

  @Test func aReferenceMayBeAWholeSolution() {
    #expect(outcome("5", "It is $2+3=\\boxed{5}$.") == .correct)
    #expect(outcome("72", "48/2 = 24\n48+24 = 72\n#### 72") == .correct)
    #expect(outcome("48", "48/2 = 24\n48+24 = 72\n#### 72") == .wrong)
  }

  @Test func rulesAreTriedInTheOrderGiven() {
    let response = "The answer is 1\n#### 2\n\\boxed{3}"
    for (rules, answer) in [
      ([AnswerRule.phrase, .boxed], "1"), ([.hashes, .boxed], "2"), ([.boxed, .hashes], "3"),
    ] {
      #expect(AnswerVerifier(rules: rules).verify(response, answer: "1").extracted == answer)
    }
    let none = AnswerVerifier(rules: [.phrase]).verify("\\boxed{3}", answer: "3")
    #expect(none.outcome == .unparsed)
    #expect(none.reason == #"no answer (expected one of: "answer is")"#)
  }

  @Test func reasonsAreOneLine() {
    let found = AnswerVerifier().verify("\\boxed{1\n+\n1}", answer: "3")
    #expect(
      found
        == Verification(
          .wrong, extracted: "1\n+\n1", rule: .boxed, reason: #""1+1" is not "3", by value"#))
    let text = AnswerVerifier().verify("\\boxed{\u{2028}x\u{85}y}", answer: "3")
    #expect(text.outcome == .wrong)
    #expect(text.reason.split(whereSeparator: \.isNewline).count == 1)
  }

  /// The worst of each rule, some megabytes long; a quadratic search would take hours.
  @Test(arguments: [
    "\\boxed{", "\\boxed", "{\\boxed{5}", "\\boxed{}", "\\boxed{7}, ", "\\boxed as{", "\\boxed it ",
    "<answer>", "</answer>", "<answer></answer>", "<answer> ", "</think>", "<", "<|x|>", "</s> ",
    "answer is therefore ", ", because ", "\\", "answer is ", "answer ", "Answer:**", "#### ",
    "\n####", "#", "a", "####\n\n", "$$",
    "answer is $$", "\\[ answer: ", " ",
  ])
  func longResponsesTakeLinearTime(piece: String) {
    let response = String(repeating: piece, count: 4_000_000 / piece.utf8.count)
    let clock = ContinuousClock()
    let time = clock.measure { _ = AnswerVerifier().verify(response, answer: "5") }
    #expect(time < .seconds(2), "\(time)")
  }

  @Test(arguments: [
    ("\\hspace*{1cm}5", "5"), ("5\\hspace{2mm}", "5"), ("¹⁄₂", "1/2"), ("³/₄", "0.75"),
    ("3¹⁄₂", "3.5"), ("-¹⁄₂", "-0.5"), ("a₁", "a_1"), ("a₁₀", "a_{10}"), ("1011₂", "1011_2"),
    ("\u{2011}5", "-5"), ("\u{2010}5", "-5"), ("\u{FE63}5", "-5"), ("\\underline{5}", "5"),
    ("\\underline{x+1}", "1+x"), ("\\underline{\\textbf{12}}", "12"), ("xy", "yx"), ("yx", "x y"),
    ("<b>5</b>", "5"), ("<strong>x+1</strong>", "x+1"), ("x = <i>5</i>", "5"), ("<em>42", "42"),
  ])
  func whatOnlyLooksDifferentIsEqual(answer: String, reference: String) {
    #expect(outcome(answer, reference) == .correct)
    #expect(outcome(reference, answer) == .correct)
    #expect(AnswerVerifier().verify("The answer is \(answer).", answer: reference).reward == 1)
  }

  @Test(arguments: [
    ("x¹⁄₂", "x/2"), ("2³⁄4", "2.75"), ("a₁", "a_2"), ("1₂", "12"), ("a<b>c", "abc"),
    ("1<b>5", "15"),
    ("a<b", "a"), ("\\overline{5}", "5"), ("on", "no"), ("ab", "ba"), ("AB", "BA"), ("xx", "x^2"),
    ("xyz", "zyx"), ("3\u{2011}2", "1"), ("¹⁄₂", "12"),
  ])
  func whatLooksAlikeIsNotEqual(answer: String, reference: String) {
    #expect(outcome(answer, reference) != .correct)
    #expect(outcome(reference, answer) != .correct)
  }
}
