// What a pair's scalars should be, from the reference's tables by plain loops.
import TestSupport
import Testing

/// A null context and a reduction for one family.
struct Setting: Sendable, CustomTestStringConvertible {
  let family: Family
  let nullContext: [Int32]
  let mean: Bool

  static let all = Family.allCases.flatMap { family in
    [[1, 4], []].flatMap { context in
      [true, false].map { Setting(family: family, nullContext: context, mean: $0) }
    }
  }

  var testDescription: String {
    "\(family.rawValue), \(nullContext.isEmpty ? "no context" : "null context"), "
      + (mean ? "mean" : "sum")
  }

  /// The first token that both contexts score.
  var firstScored: Int { nullContext.isEmpty ? 1 : 0 }

  /// Weight of each response token in the objective.
  func weights(_ count: Int) -> [Double] {
    (0..<count).map { token in
      token < firstScored ? 0 : mean ? 1 / Double(count - firstScored) : 1
    }
  }
}

/// The scalars of two gradients of one response.
struct ExpectedRow {
  var inner: Double
  var normMarginal: Double
  var normConditional: Double
  var cosine: Double
  var logMarginal: Double
  var logConditional: Double
  var gap: Double
  var difference: Double

  /// - Parameters:
  ///   - logs: Of the tokens that count, in both contexts.
  ///   - divisor: Of the summed logarithms; their number or 1.
  init(
    _ marginal: [Double], _ conditional: [Double],
    logs: (marginal: [Double], conditional: [Double]),
    divisor: Double
  ) {
    inner = dot(marginal, conditional)
    normMarginal = norm(marginal)
    normConditional = norm(conditional)
    cosine = inner / (normMarginal * normConditional)
    logMarginal = 0
    logConditional = 0
    gap = 0
    difference = 0
    for (one, other) in zip(logs.marginal, logs.conditional) {
      logMarginal += one / divisor
      logConditional += other / divisor
      gap += abs(one - other) / Double(logs.marginal.count)
      difference += (one - other) / Double(logs.marginal.count)
    }
  }

  /// One response after two contexts.
  init(_ marginal: TokenTable, _ conditional: TokenTable, _ setting: Setting, parameters: Int) {
    let weights = setting.weights(marginal.logs.count)
    let logs = (
      marginal: Array(marginal.logs.dropFirst(setting.firstScored)),
      conditional: Array(conditional.logs.dropFirst(setting.firstScored))
    )
    self.init(
      combination(marginal.gradients, weights, count: parameters),
      combination(conditional.gradients, weights, count: parameters), logs: logs,
      divisor: setting.mean ? Double(logs.marginal.count) : 1)
  }
}

/// Expects a row's scalars.
///
/// Difference quotients are good to about 1e-10 of a gradient's length plus 1e-9 in all, the rounding of
/// each element (see `Reference.step`). So 1e-8 of the lengths is a hundred times that, and a millionth
/// of what a forgotten term would change. Logarithms come from the same forward pass, packed with
/// other rows: a few roundings.
func expectRow(
  _ row: MeasuredRow?, _ expected: ExpectedRow, tolerance: Double = 1e-8, _ what: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let row else {
    Issue.record("\(what) is missing", sourceLocation: sourceLocation)
    return
  }
  let lengths = expected.normMarginal * expected.normConditional
  func close(_ actual: Double, _ value: Double, _ allowed: Double, _ name: String) {
    expectClose(
      actual, value, absolute: allowed, "\(what), \(name)", sourceLocation: sourceLocation)
  }
  let (m, c, noise) = (expected.normMarginal, expected.normConditional, 2e-9)
  close(row.inner, expected.inner, tolerance * lengths + noise * (m + c), "inner product")
  close(row.normMarginal, m, tolerance * m + noise, "|g_m|")
  close(row.normConditional, c, tolerance * c + noise, "|g_c|")
  close(row.cosine, expected.cosine, 3 * tolerance + noise * (1 / m + 1 / c), "cosine")
  close(row.logMarginal, expected.logMarginal, 1e-11, "log P(y)")
  close(row.logConditional, expected.logConditional, 1e-11, "log P(y|x)")
  close(row.gap, expected.gap, 1e-11, "gap")
  close(row.difference, expected.difference, 1e-11, "difference")
}
