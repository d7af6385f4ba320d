import Tasks
import Testing

/// Exact forms of numbers, and those that are near and different.
@Suite struct AnswerNumberTests {
  @Test(arguments: [
    // Fractions.
    ("{7 \\over 4}", "1.75"), ("1 + {1 \\over 2}", "1.5"), ("{a \\over b}", "\\frac{a}{b}"),
    ("¾", "0.75"),
    ("2⅖", "2.4"), ("-1⅛", "-1.125"), ("\\sfrac{7}{4}", "7/4"), ("\\nicefrac{7}{4}", "1.75"),
    ("7⁄4", "7/4"),
    ("７／４", "7/4"), ("٣", "3"),
    // Roots and powers.
    ("9^{1/2}", "3"), ("27^{2/3}", "9"), ("\\sqrt[3]{-27}", "-3"),
    ("\\sqrt[3]{24}", "2\\sqrt[3]{3}"),
    ("3^{1/4}", "\\sqrt[4]{3}"), ("\\sqrt[6]{27}", "\\sqrt{3}"), ("∛64", "4"), ("√18", "3√2"),
    ("\\frac{6}{\\sqrt[3]{9}}", "2\\sqrt[3]{3}"), ("\\sqrt{7+4\\sqrt{3}}", "2+\\sqrt3"),
    ("\\sqrt{3}^{3}", "3\\sqrt3"),
    ("\\sqrt{7-4\\sqrt{3}}", "2-\\sqrt3"), ("3⁴", "81"), ("5⁻²", "0.04"), ("2¹²", "4096"),
    ("3^{600}", "9^{300}"), ("2^{150}\\cdot 5^{150}", "10^{150}"), ("\\sqrt{3^{600}}", "3^{300}"),
    ("\\frac{6^{200}}{2^{200}}", "3^{200}"),
    ("\\sqrt{281474976710641}", "\\sqrt{281474976710641}+0"),
    // Quotients of sums.
    ("\\frac{1}{\\sqrt3-1}", "\\frac{1+\\sqrt3}{2}"), ("\\frac{2+i}{1-i}", "\\frac{1+3i}{2}"),
    ("\\frac{1}{\\pi+1}", "\\frac{3}{3\\pi+3}"),
    ("\\frac{1}{1+\\sqrt[3]{2}}", "\\frac{1-\\sqrt[3]2+\\sqrt[3]4}{3}"),
    // Repeating decimals.
    ("0.\\overline{6}", "2/3"), ("0.(27)", "3/11"), ("2.8\\overline{3}", "17/6"), ("0.8(3)", "5/6"),
    ("0.\\bar{4}", "4/9"), ("0.\\dot{2}", "2/9"), ("0.\\dot{1}0\\dot{8}", "4/37"),
    ("0.666...", "2/3"), ("0.6…", "2/3"),
    ("0.8333\\ldots", "5/6"), ("0.2727...", "3/11"), ("0.\\overline{9}", "1"),
    (".\\overline{6}", "2/3"),
    ("0.3\u{305}", "1/3"),
    // Functions.
    ("\\binom{6}{2}", "15"), ("{6 \\choose 2}", "15"), ("|2-7|", "5"),
    ("\\left|-\\frac{3}{2}\\right|", "1.5"),
    ("\\lvert 2-\\sqrt5 \\rvert", "\\sqrt5-2"), ("|5+12i|", "13"), ("\\lfloor 2.9 \\rfloor", "2"),
    ("\\lceil \\sqrt{17} \\rceil", "5"), ("\\lfloor -\\frac12\\rfloor", "-1"), ("\\log_3 81", "4"),
    ("\\log_{8} 4", "2/3"),
    // Thousands, punctuation, signs.
    ("2{,}345,678", "2345678"), ("2,345{,}678", "2345678"), ("9\\text{.}", "9"),
    ("\\text{minus }9", "-9"),
    // ±.
    ("\\pm 4", "4,-4"), ("x=\\pm4", "-4, 4"),
    ("\\frac{5\\pm\\sqrt{13}}{2}", "\\frac{5-\\sqrt{13}}{2},\\frac{5+\\sqrt{13}}{2}"),
    ("\\{\\pm 4\\}", "\\{-4,4\\}"), ("\\pm 1, \\pm 2", "-2,-1,1,2"), ("2\\mp 3", "2\\pm 3"),
    ("7 \\pm 0", "7"),
    // Matrices.
    (
      "\\begin{pmatrix}0.25&1\\\\3&4\\end{pmatrix}",
      "\\begin{bmatrix}\\frac14&1\\\\3&\\frac{8}{2}\\end{bmatrix}"
    ),
  ])
  func equalNumbersAreEqual(answer: String, reference: String) {
    AnswerComparison.expectEqual(answer, reference)
  }

  @Test(arguments: [
    ("{7 \\over 4}", "4/7"), ("2⅖", "4/5"), ("9^{1/2}", "4.5"), ("3^{1/3}", "1"),
    ("3^{1/3}", "3^{1/2}"),
    ("\\sqrt[3]{9}", "3"), ("\\sqrt{7-4\\sqrt{3}}", "\\sqrt3-2"), ("2¹²", "2^{1}2"),
    ("3^{600}", "9^{301}"),
    ("\\sqrt[3]{2}", "1.259921049894873"), ("\\sqrt{2}+\\sqrt{3}", "\\sqrt{5}"),
    ("(-27)^{1/3}", "-3"),
    ("\\sqrt[4]{-16}", "2"), ("\\frac{1}{\\sqrt3-1}", "\\frac{\\sqrt3-1}{2}"),
    ("\\frac{1}{\\sqrt2-\\sqrt2}", "0"),
    ("0.666", "2/3"), ("0.\\overline{6}", "0.6"), ("0.67", "0.\\overline{6}"), ("0.6...", "0.6"),
    ("3.14...", "3.14"),
    ("1.41...", "\\sqrt2"), ("0.(27)", "0.27"), ("0.2(7)", "0.\\overline{27}"), ("|2-7|", "-5"),
    ("\\lfloor 2.9\\rfloor", "3"),
    ("\\binom{6}{2}", "3"), ("\\log_3 80", "4"), ("\\log 100", "2"), ("\\pm 4", "4"),
    ("\\pm 4", "4,4"),
    ("5\\pm 2", "7"), ("\\pm1\\pm2", "3,-3"), ("(2{,}345)", "(2,345)"), ("2{,}345,67", "234567"),
    ("\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}", "\\begin{pmatrix}1&2&3&4\\end{pmatrix}"),
    ("\\begin{vmatrix}1&2\\\\3&4\\end{vmatrix}", "\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}"),
    ("|x|", "x"),
    ("\\sqrt{10^{14}+1}", "10000000"), ("\\lfloor \\pi^{9} \\rfloor", "29809.1"),
  ])
  func differentNumbersAreDifferent(answer: String, reference: String) {
    AnswerComparison.expectDifferent(answer, reference)
  }

  /// Products of two primes above 2¹⁶, which no small divisor finds.
  @Test func rootsOfProductsOfLargePrimesAreExact() {
    AnswerComparison.expectEqual("\\sqrt{65537}\\cdot\\sqrt{65539}", "\\sqrt{4295229443}")
    AnswerComparison.expectEqual("\\sqrt[3]{65537^2}\\cdot\\sqrt[3]{65537}", "65537")
    AnswerComparison.expectDifferent("\\sqrt{65537}\\cdot\\sqrt{65539}", "\\sqrt{4295229441}")
    AnswerComparison.expectEqual("\\sqrt{4295098369}", "65537")
  }
}
