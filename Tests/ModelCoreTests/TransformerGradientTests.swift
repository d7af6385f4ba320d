import KeyedRandom
import ModelCore
import TestSupport
import Testing

/// The whole hand-written backward pass against central differences, for every family.
@Suite struct TransformerGradientTests {
  /// The scored sequences: several lengths, an empty context, later first tokens, repeated ids.
  private static let sequences = [
    ScoredSequence(context: [1], response: [3, 3, 7, 2]),
    ScoredSequence(context: [], response: [5, 0, 10, 10, 4]),
    ScoredSequence(context: [1, 8, 6, 8, 3], response: [2]),
    ScoredSequence(context: [9, 4], response: [6, 1, 6, 1, 6, 2], firstScored: 3),
  ]

  /// Σ c_i log π(y_i | ·) as a function of the parameters.
  private struct Objective {
    let model: Transformer<Double>
    let workspace: Workspace<Double>
    let batch = PackedSequences(TransformerGradientTests.sequences)
    let coefficients: [Double]
    let start: [Double]

    init(_ configuration: ModelConfiguration) {
      model = .random(configuration)
      // The vocabulary goes in three tiles and one of two layers is computed again.
      workspace = Workspace(model, activationBudget: 10_000, vocabularyTile: 4)
      coefficients = randomValues(batch.scoredCount, 5)
      start = model.values
    }

    func gradient() -> [Double] { workspace.gradient(batch, coefficients) }

    /// log π of every token at a distance from where the parameters started.
    private func values(_ direction: [Double], _ step: Double) -> [Double] {
      model.withParameters { buffer in
        buffer.withMutableSpan { span in
          for place in direction.indices { span[place] = start[place] + step * direction[place] }
        }
      }
      return workspace.score(batch).logProbabilities
    }

    /// Each token's derivative along a unit vector, by differences of fourth order: good to about
    /// 1e-9.
    func slopes(_ direction: [Double]) -> [Double] {
      let step = 1e-3
      let above = (near: values(direction, step), far: values(direction, 2 * step))
      let below = (near: values(direction, -step), far: values(direction, -2 * step))
      return coefficients.indices.map { token in
        let near = above.near[token] - below.near[token]
        let far = above.far[token] - below.far[token]
        return (8 * near - far) / (12 * step)
      }
    }

    /// The objective's derivative along a unit vector.
    func slope(_ direction: [Double]) -> Double {
      dotProduct(slopes(direction), coefficients)
    }

    /// The same in forward mode, at the start.
    func tokenDerivatives(_ direction: [Double]) -> [Double] {
      _ = values(direction, 0)
      var buffer = GradientBuffer<Double>(model.layout)
      buffer.values.withMutableSpan { span in
        for place in direction.indices { span[place] = direction[place] }
      }
      return workspace.tokenDerivatives(along: buffer)
    }
  }

  private static func unit(_ count: Int, _ label: UInt64, within range: Range<Int>) -> [Double] {
    var direction = [Double](repeating: 0, count: count)
    let values = randomValues(range.count, label)
    let norm = dotProduct(values, values).squareRoot()
    for (place, value) in zip(range, values) { direction[place] = value / norm }
    return direction
  }

  @Test(arguments: Shape.all) func gradientIsTheSlopeInRandomDirections(shape: Shape) {
    let objective = Objective(shape.configuration())
    let gradient = objective.gradient()
    for label in 0..<6 as Range<UInt64> {
      let direction = Self.unit(gradient.count, label, within: gradient.indices)
      expectClose(
        dotProduct(gradient, direction), objective.slope(direction), absolute: 1e-7,
        "direction \(label)")
    }
    // A slope that could not tell a wrong gradient from a right one would prove nothing.
    #expect(dotProduct(gradient, gradient).squareRoot() > 1)
  }

  @Test(arguments: Shape.all) func gradientIsTheSlopeInEveryParameter(shape: Shape) {
    let objective = Objective(shape.configuration())
    let gradient = objective.gradient()
    for (index, parameter) in objective.model.layout.parameters.enumerated() {
      let direction = Self.unit(gradient.count, UInt64(index), within: parameter.range)
      expectClose(
        dotProduct(gradient, direction), objective.slope(direction), absolute: 1e-7,
        parameter.name)
      let part = Array(gradient[parameter.range])
      #expect(dotProduct(part, part) > 1e-10, "\(parameter.name) has a gradient")
    }
  }

  /// Forward mode, token by token: along all parameters and along each.
  @Test(arguments: Shape.all) func tokenDerivativesAreTheSlopes(shape: Shape) {
    let objective = Objective(shape.configuration())
    let count = objective.start.count
    for (index, parameter) in objective.model.layout.parameters.enumerated() {
      let direction = Self.unit(count, UInt64(index), within: parameter.range)
      expectClose(
        objective.tokenDerivatives(direction), objective.slopes(direction), absolute: 1e-7,
        parameter.name)
    }
    let direction = Self.unit(count, 1, within: 0..<count)
    expectClose(
      objective.tokenDerivatives(direction), objective.slopes(direction), absolute: 1e-7, "all")
  }
}
