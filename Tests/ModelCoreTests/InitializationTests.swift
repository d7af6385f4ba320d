import KeyedRandom
import ModelCore
import TestSupport
import Testing

@Suite struct InitializationTests {
  private static func model<Scalar: ModelScalar>(
    _ type: Scalar.Type, _ shape: Shape, seed: UInt64
  ) -> Transformer<Scalar> {
    let model = Transformer<Scalar>(
      shape.configuration(vocabulary: 300, hidden: 64, feedForward: 160, layers: 3))
    model.initialize(RandomKey(seed: seed))
    return model
  }

  /// Mean and variance of every matrix within five standard errors, norms 1 (Gemma stores w − 1), biases 0.
  @Test(arguments: Shape.all) func parametersHaveTheirDistribution(shape: Shape) {
    let model = Self.model(Float.self, shape, seed: 3)
    let values = model.values.map { Double($0) }
    for parameter in model.layout.parameters {
      let part = Array(values[parameter.range])
      guard parameter.isMatrix else {
        let isZero = parameter.name.hasSuffix(".bias") || shape.family.rawValue.hasPrefix("gemma")
        let expected: Double = isZero ? 0 : 1
        #expect(part.allSatisfy { $0 == expected }, "\(parameter.name)")
        continue
      }
      var deviation = 1 / Double(parameter.shape[1]).squareRoot()
      let isTable = ["embed_tokens", "embed_in"].contains { parameter.name.contains($0) }
      if shape.family == .gpt2 || isTable { deviation = 0.02 }
      let inner = ["o_proj", "down_proj", "c_proj", "attention.dense", "4h_to_h"]
      if inner.contains(where: { parameter.name.contains($0) }) {
        deviation /= 6.0.squareRoot()  // two projections in each of three layers
      }
      let count = Double(part.count)
      let mean = part.reduce(0, +) / count
      let variance = dotProduct(part, part) / count
      expectClose(
        mean, 0, absolute: 5 * deviation / count.squareRoot(), "mean of \(parameter.name)")
      expectClose(
        variance / (deviation * deviation), 1, absolute: 5 * (2 / count).squareRoot(),
        "variance of \(parameter.name)")
      // A normal number in twenty lies beyond 1.96 deviations; a uniform one never does.
      let beyond = Double(part.count { abs($0) > 1.96 * deviation }) / count
      expectClose(beyond, 0.05, absolute: 5 * (0.05 / count).squareRoot(), parameter.name)
    }
  }

  @Test func parametersDependOnTheKeyAlone() {
    let shape = Shape(family: .qwen3, tied: false)
    let values = Self.model(Float.self, shape, seed: 3).values
    #expect(Self.model(Float.self, shape, seed: 3).values == values)
    let other = Self.model(Float.self, shape, seed: 4).values
    #expect(zip(values, other).count { $0 == $1 } < values.count / 50, "only the norms are equal")
    #expect(Self.model(Double.self, shape, seed: 3).values.map { Float($0) } == values)
  }

  /// No two matrices hold the same numbers.
  @Test func matricesHaveStreamsOfTheirOwn() {
    let model = Self.model(Double.self, Shape(family: .llama, tied: false), seed: 3)
    let values = model.values
    let starts = model.layout.parameters.filter(\.isMatrix).map { parameter in
      // The signs of the first numbers do not depend on the deviation.
      values[parameter.range].prefix(64).map { $0 > 0 }
    }
    #expect(Set(starts).count == starts.count)
  }

  /// Fresh models are near uniform, so training starts at about log V.
  @Test func freshModelsKnowNothing() {
    let model = Self.model(Float.self, Shape(family: .qwen3, tied: true), seed: 3)
    let sequence = ScoredSequence.random(context: 1, response: 50, vocabulary: 300, label: 1)
    let scores = Workspace(model).score(PackedSequences([sequence]))
    #expect(scores.logProbabilities.allSatisfy { abs($0 + 5.7) < 1 })  // log 300 = 5.70
  }
}
