// Gradients against central differences.
import KeyedRandom
import Testing

/// Expects `gradient` to be the derivative of `function` at `point`, coordinate by coordinate.
///
/// The function of a layer is a random projection of its output to a scalar. Central differences in
/// Double with a step of 1e-5 are good to about 1e-9 for values of order one.
public func checkGradient(
  of function: ([Double]) -> Double, at point: [Double], gradient: [Double],
  tolerance: Double = 2e-8, step: Double = 1e-5, _ what: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  var numeric = [Double](repeating: 0, count: point.count)
  var moved = point
  for index in point.indices {
    moved[index] = point[index] + step
    let above = function(moved)
    moved[index] = point[index] - step
    let below = function(moved)
    moved[index] = point[index]
    numeric[index] = (above - below) / (2 * step)
  }
  expectClose(
    gradient, numeric, relative: tolerance, absolute: tolerance, what,
    sourceLocation: sourceLocation)
}

/// Normal numbers of a named stream.
public func randomValues(_ count: Int, _ label: UInt64, scale: Double = 1) -> [Double] {
  var generator = RandomKey(seed: 2024).derive(label).generator()
  return (0..<count).map { _ in scale * generator.normal() }
}
