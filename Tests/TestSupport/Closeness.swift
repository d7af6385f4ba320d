// Comparisons that say how far apart two numbers are, and where.
import Testing

/// Expects every pair within `absolute + relative * |expected|`; the message names the first pair
/// that is not, and the largest deviation seen.
public func expectClose<Scalar: BinaryFloatingPoint>(
  _ actual: [Scalar], _ expected: [Scalar], relative: Double = 0, absolute: Double = 0,
  _ what: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record(
      "\(what): \(actual.count) values, expected \(expected.count)",
      sourceLocation: sourceLocation)
    return
  }
  var firstBad: Int?
  var worst = 0.0
  for index in actual.indices {
    let a = Double(actual[index])
    let e = Double(expected[index])
    if a == e || (a.isNaN && e.isNaN) { continue }
    let deviation = abs(a - e)
    if !(deviation <= absolute + relative * abs(e)), firstBad == nil { firstBad = index }
    worst = deviation.isNaN ? .infinity : max(worst, deviation)
  }
  if let index = firstBad {
    Issue.record(
      """
      \(what)[\(index)]: \(actual[index]), expected \(expected[index]) \
      (allowed \(absolute) + \(relative)·|expected|; largest deviation \(worst))
      """, sourceLocation: sourceLocation)
  }
}

/// Expects one number within `absolute + relative * |expected|`.
public func expectClose<Scalar: BinaryFloatingPoint>(
  _ actual: Scalar, _ expected: Scalar, relative: Double = 0, absolute: Double = 0,
  _ what: String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  expectClose(
    [actual], [expected], relative: relative, absolute: absolute, what,
    sourceLocation: sourceLocation)
}
