import Foundation
import KeyedRandom
import Tasks
import Testing

/// Random answers: no crash, no long wait, an answer equals itself, equality has no direction, and
/// what is equal by value is equal in floating point. Quick by default; PRERL_FUZZ_INPUTS sets the
/// number of inputs.
@Suite struct AnswerFuzzTests {
  static let inputs =
    ProcessInfo.processInfo.environment["PRERL_FUZZ_INPUTS"].flatMap(Int.init) ?? 5_000

  static let pieces = [
    "\\frac", "\\sqrt", "\\boxed{", "\\fbox", "{", "}", "\\{", "\\}", "(", ")", "[", "]", ",", "^",
    "_", "!",
    "\\pm", "\\cup", "\\infty", "\\pi", "i", "x", "=", "\\text{ cm}", "\\text", "\\%", "\\$", "$",
    "°", "^\\circ", "\\",
    "\\\\", "9", "0", "1000", ",000", "{,}000", ".", "e5", "e999999999999999999999", "*", "**", "/",
    "-", "+", " ", "\n",
    "####", "The answer is ", "and", "million", "²", "é", "\u{301}", "\u{2028}", "\\left",
    "\\right.",
    "99999999999999999999999999999999999999", "2004!", "^{2001}", ";", "\\begin{pmatrix}", "&",
    "<|im_end|>", "<answer>", "</answer>", "<think>", "</think>", "\\over", "½", "|", "<", "\\le",
    "\\overline{3}", "...", "\\text{ m/s}^2", "\\text{ per }", "€", "\\lfloor", "\\rfloor",
    "\\log_",
    "\\text{ tenths}", "\\sqrt[3]", "^{1/3}", "\\binom", "≈", "⁻",
  ]

  @Test func mutatedAnswersNeverCrashAndEqualThemselves() {
    var counts: [VerificationOutcome: Int] = [:]
    var slowest = Duration.zero
    let clock = ContinuousClock()
    for input in 0..<Self.inputs {
      var random = RandomKey(seed: 21).derive(UInt64(input)).generator()
      let a = mutate(AnswerVerifierTests.answers, using: &random)
      let b = mutate(
        random.uniform(below: 2) == 0 ? [a] : AnswerVerifierTests.answers, using: &random)
      slowest = max(
        slowest,
        clock.measure {
          let itself = AnswerVerifier.compare(a, a, isProse: true)
          #expect(itself.0 != .wrong, "\(a.debugDescription): \(itself.1)")
          let ab = AnswerVerifier.compare(a, b, isProse: true)
          let ba = AnswerVerifier.compare(b, a, isProse: true)
          #expect(
            (ab.0 == .correct) == (ba.0 == .correct),
            "\(a.debugDescription), \(b.debugDescription): \(ab.1)")
          let found = AnswerVerifier().verify("\(a) \\boxed{\(b)} \(a)", answer: b)
          #expect(!found.reason.contains("\n"))
          counts[found.outcome, default: 0] += 1
        })
    }
    #expect(slowest < .seconds(2), "\(slowest)")
    // The mutations reach every outcome.
    for outcome in VerificationOutcome.allCases {
      #expect(counts[outcome, default: 0] > Self.inputs / 1000, "\(counts)")
    }
    if Self.inputs > 1_000_000 { print("\(Self.inputs) inputs: \(counts), slowest \(slowest)") }
  }

  /// Two expressions with known values: equal ones may be missed, different ones never pass.
  @Test func equalityByValueAgreesWithFloatingPoint() {
    var found = (equal: 0, missed: 0, different: 0)
    for input in 0..<Self.inputs {
      var random = RandomKey(seed: 22).derive(UInt64(input)).generator()
      let a = expression(depth: 3, using: &random)
      let b = expression(depth: 3, using: &random)
      let outcome = AnswerVerifier.compare(a.text, b.text, isProse: false).0
      // NaN, where something is divided by 0, is near nothing.
      let isNear = abs(a.value - b.value) <= 1e-9 * max(1, abs(a.value))
      if outcome == .correct, a.text != b.text {
        #expect(isNear, "\(a) and \(b)")
        found.equal += 1
      } else if isNear {
        found.missed += 1
      } else {
        found.different += 1
      }
    }
    #expect(found.equal > Self.inputs / 200, "\(found)")
    #expect(found.different > Self.inputs / 2, "\(found)")
    if Self.inputs > 1_000_000 { print("\(Self.inputs) pairs: \(found)") }
  }

  private func mutate(_ seeds: [String], using random: inout KeyedGenerator) -> String {
    var scalars = Array(seeds[random.uniform(below: seeds.count)].unicodeScalars)
    for _ in 0...random.uniform(below: 4) {
      let place = random.uniform(below: scalars.count + 1)
      let end = min(scalars.count, place + random.uniform(below: 5))
      let piece = Self.pieces[random.uniform(below: Self.pieces.count)].unicodeScalars
      switch random.uniform(below: 5) {
      case 0: scalars.removeSubrange(place..<end)
      case 1:
        scalars.insert(
          contentsOf: scalars[place..<end], at: random.uniform(below: scalars.count + 1))
      case 2: scalars.replaceSubrange(place..<end, with: piece)
      case 3 where random.uniform(below: 20) == 0:
        scalars.insert(
          contentsOf: String(repeating: String(piece), count: 400).unicodeScalars, at: place)
      default: scalars.insert(contentsOf: piece, at: place)
      }
    }
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars)
    return text
  }

  /// A random expression as LaTeX and its value.
  private func expression(
    depth: Int, using random: inout KeyedGenerator
  ) -> (text: String, value: Double) {
    let n = random.uniform(below: 5)
    if depth == 0 || random.uniform(below: 4) == 0 {
      switch random.uniform(below: 12) {
      case 0: return ("\\sqrt{\(n)}", Double(n).squareRoot())
      case 8: return ("\\sqrt[3]{\(n)}", cbrt(Double(n)))
      case 9: return ("0.\\overline{\(n)}", Double(n) / 9)
      case 10: return ("{\(n) \\over 3}", Double(n) / 3)
      case 11: return ("\(n + 1)^{3/2}", pow(Double(n + 1), 1.5))
      case 1: return ("\\pi", .pi)
      case 2: return ("\(n).5", Double(n) + 0.5)
      case 3: return ("\\frac\(n)4", Double(n) / 4)
      case 4: return ("\(n + 1)\\frac{1}{2}", Double(n) + 1.5)
      default: return ("\(n)", Double(n))
      }
    }
    let a = expression(depth: depth - 1, using: &random)
    let b = expression(depth: depth - 1, using: &random)
    switch random.uniform(below: 11) {
    case 8: return ("|\(a.text)|", abs(a.value))
    case 9: return ("\\sqrt{(\(a.text))^2}", abs(a.value))
    case 10: return ("\\lfloor \(a.text) \\rfloor", a.value.rounded(.down))
    case 0: return ("\(a.text) + \\left(\(b.text)\\right)", a.value + b.value)
    case 1: return ("(\(a.text)) - (\(b.text))", a.value - b.value)
    case 2: return ("(\(a.text))\\cdot(\(b.text))", a.value * b.value)
    case 3: return ("(\(a.text))(\(b.text))", a.value * b.value)
    case 4: return ("\\dfrac{\(a.text)}{\(b.text)}", a.value / b.value)
    case 5: return ("(\(a.text)) / (\(b.text))", a.value / b.value)
    case 6: return ("-(\(a.text))^{\(n)}", -pow(a.value, Double(n)))
    default: return ("{\(a.text)}", a.value)
    }
  }
}
