import Tasks
import Testing

/// Units behind and in front of numbers, and words that are none.
@Suite struct AnswerUnitTests {
  @Test(arguments: [
    ("8\\text{ m/s}", "8"), ("8\\text{ m/s}", "8\\text{ meters per second}"),
    ("8\\text{ m}/\\text{s}", "8 \\text{ m s}^{-1}"),
    ("8 km/h", "8"), ("8 m/s", "8"), ("8\\text{ km per hour}", "8\\text{ km/h}"),
    ("8\\text{ mph}", "8\\text{ miles/hour}"),
    ("30\\text{ miles per gallon}", "30\\text{ mpg}"), ("8\\text{ m/s}^2", "8\\text{ m/s²}"),
    ("8\\ \\frac{\\text{kg}}{\\text{m}^3}", "8\\text{ kg/m}^3"),
    ("8\\text{ kg}\\cdot\\text{m/s}^2", "8"),
    ("8\\text{ kg·m/s^2}", "8\\text{ kg m/s}^2"), ("8\\text{ N/m}^2", "8"),
    ("8\\text{ J/(kg K)}", "8"),
    ("8\\text{ g/mL}", "8"), ("8\\,\\Omega", "8\\text{ ohms}"), ("8\\text{ k}\\Omega", "8"),
    ("8\\,\\mu\\text{m}", "8"),
    ("8\\mathrm{~cm}", "8"), ("8cm", "8"), ("8\\text{ sq. ft}", "8\\text{ ft}^2"),
    ("8\\text{ cubic meters}", "8\\text{ m}^3"),
    ("\\$8/\\text{hour}", "8"), ("\\$8/\\text{hour}", "\\$8\\text{ per hour}"),
    ("\\$8", "8\\text{ dollars}"), ("€8", "8"),
    ("8€", "8\\text{ euros}"), ("£8", "8\\text{ pounds}"), ("¥800", "800\\text{ yen}"), ("₹8", "8"),
    ("USD 8", "8\\text{ dollars}"), ("US\\$8", "8"),
    ("-\\$8", "-8"), ("-€8", "-8"), ("8\\text{ cents}", "8¢"), ("\\text{€}8", "8"),
    ("\\euro 8", "€8"),
    ("8^\\circ\\text{C}", "8\\text{ degrees Celsius}"), ("8\\text{ per cent}", "0.08"),
    ("8\\%\\text{ of the class}", "8"),
    ("8\\text{ beats per minute}", "8\\text{ beat/min}"), ("x = 8\\text{ km/h}", "8"),
    ("8\\text{ in all}", "8"),
    ("2\\sqrt{3}\\text{ m/s}", "\\sqrt{12}"), ("8 red apples", "8"),
    // Words that change the number.
    ("7\\text{ tenths}", "0.7"), ("7 tenths", "0.7"), ("3\\text{ fourths}", "0.75"),
    ("7\\text{ hundredths of an inch}", "0.07"),
    ("3\\text{ squared}", "9"), ("3\\text{ cubed}", "27"), ("4\\text{ factorial}", "24"),
    ("3\\text{ dozen eggs}", "36"),
    ("2\\text{ hundred thousand}", "200000"), ("\\$3\\text{ million}", "3000000"),
    ("7\\text{ halves}", "3.5"),
  ])
  func unitsAreUnderstood(answer: String, reference: String) {
    AnswerComparison.expectEqual(answer, reference)
  }

  @Test(arguments: [
    ("8\\text{ m/s}", "8\\text{ km/h}"), ("8\\text{ m/s}", "8\\text{ m/s}^2"),
    ("8\\text{ m/s}", "8\\text{ m}"),
    ("8\\text{ N/m}", "8\\text{ N/m}^2"), ("8\\text{ J/kg}", "8\\text{ J/(kg K)}"), ("€8", "\\$8"),
    ("£8", "€8"),
    ("8\\text{ cents}", "\\$8"), ("\\$8/\\text{hour}", "\\$8/\\text{day}"),
    ("\\$8/\\text{hour}", "\\$8"),
    ("8\\text{ beats per minute}", "8\\text{ beats per second}"),
    ("8^\\circ\\text{C}", "8^\\circ\\text{F}"),
    ("8\\text{ m/s}", "9"), ("8\\text{ miles away}", "8\\text{ km}"),
    ("7\\text{ tenths}", "7"), ("7 tenths", "7"), ("3\\text{ squared}", "3"), ("3 squared", "3"),
    ("4\\text{ factorial}", "4"),
    ("3\\text{ dozen}", "3"), ("2\\text{ hundred}", "2"), ("\\text{half of }8", "8"),
    ("8\\text{ doubled}", "8"),
    ("3\\text{ quarters}", "3"), ("8\\text{ thousandths}", "8"), ("8\\text{th}", "8"),
    ("8^{\\text{th}}", "8"), ("8\\text{k}", "8"),
    ("8\\text{ out of }10", "8"), ("8\\text{ to }3", "8"), ("8\\text{ per }100", "8"),
    ("8\\text{ or more}", "8"),
    ("8x\\text{ cm}", "8"), ("8 x/y", "8"), ("8/m", "8"), ("8m/s", "8"),
    ("8\\text{ less than }9", "8"),
    ("8\\text{ percent}", "800"), ("8\\text{ and a half}", "8"),
  ])
  func otherUnitsAndWordsAreNot(answer: String, reference: String) {
    AnswerComparison.expectDifferent(answer, reference)
  }

  /// One side may have words that the other lacks, but two different words contradict each other.
  @Test(arguments: [
    ("7\\text{ red cups}", "7\\text{ cups}"), ("7\\text{ cups of tea}", "7\\text{ cups}"),
    ("7\\text{ N}\\cdot\\text{m}", "7\\text{ N m}"), ("7\\text{ newton meters}", "7\\text{ N m}"),
    ("7\\text{ dollars an hour}", "\\$7\\text{ per hour}"), ("\\$7\\text{ profit}", "\\$7"),
    ("7\\text{ m up}", "7\\text{ m}"), ("30\\%\\text{ more than}", "30\\%\\text{ more than}"),
    ("7^\\circ C", "7"), ("7^\\circ C", "7^\\circ\\text{C}"), ("5\\text{ lakh}", "500000"),
    ("7\\text{ sixteenths}", "7/16"), ("10-3=7", "7"), ("12 - 5", "7"),
  ])
  func wordsMayBeMissingOnOneSide(answer: String, reference: String) {
    AnswerComparison.expectEqual(answer, reference)
  }

  @Test(arguments: [
    ("7\\text{ m left}", "7\\text{ m right}"), ("30\\%\\text{ rise}", "30\\%\\text{ fall}"),
    ("\\$7\\text{ gain}", "\\$7\\text{ loss}"), ("7\\text{ km east}", "7\\text{ km west}"),
    ("7\\text{ ns}", "7\\text{ s}"), ("7\\text{ kHz}", "7\\text{ Hz}"),
    ("7\\text{ TB}", "7\\text{ GB}"),
    ("7\\text{ furlongs}", "7\\text{ miles}"), ("7\\text{ nickels}", "7\\text{ cents}"),
    ("7\\text{ yen}", "7\\text{ yuan}"), ("7\\text{ newton meters}", "7\\text{ newtons}"),
    ("7\\text{ watt hours}", "7\\text{ watts}"), ("7\\text{ miles an hour}", "7\\text{ miles}"),
    ("7\\text{ euros a week}", "7\\text{ euros a day}"), ("7\\text{ lakh}", "7"),
    ("7\\text{ per mille}", "7"), ("7\\text{ basis points}", "7"), ("0.6\\text{ repeating}", "3/5"),
    ("7\\text{ in debt}", "7"), ("1\\text{ fourteenth}", "1"),
    // Dates, scores and spans are no differences.
    ("2023-03-07", "2023-07-03"), ("2023/03/07", "2023/07/03"), ("4-1", "5-2"),
    ("4\\text{-}9", "-5"),
    ("4-9\\text{ weeks}", "-5"),
  ])
  func otherWordsAndSpansAreNot(answer: String, reference: String) {
    AnswerComparison.expectDifferent(answer, reference)
  }

  @Test func aLetterBehindANumberInProseIsAUnit() {
    #expect(AnswerVerifier().verify("The answer is 8 m.", answer: "8").outcome == .correct)
    #expect(AnswerVerifier().verify("The answer is 8 x.", answer: "8").outcome == .wrong)
    #expect(AnswerVerifier().verify("\\boxed{8 m}", answer: "8").outcome == .wrong)
  }
}
