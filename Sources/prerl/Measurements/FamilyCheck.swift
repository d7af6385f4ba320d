// Checks every supported family: the full gradient of a tiny random model against finite
// differences of the forward pass, parameter by parameter. It does not need a checkpoint of the
// family.
import Foundation
import KeyedRandom
import ModelCore

/// The supported families, each as a model small enough to perturb every parameter.
struct FamilyCheck {
  /// The models do not depend on the seed of the run, since the limit was chosen for them.
  private let key = RandomKey(seed: 1).derive("families")

  /// A family's name and its tiny models, with a tied and an untied head.
  static var families: [(name: String, configurations: [ModelConfiguration])] {
    ModelConfiguration.Family.allCases.map { family in
      (family.rawValue, [true, false].map { family.tiny(tied: $0) })
    }
  }

  /// One row per family.
  func run() throws -> [Deviation] {
    try Self.families.map { family in
      var largest = LargestDeviation()
      for configuration in family.configurations {
        try Interruption.check()
        compare(
          configuration, key.derive(UInt64(configuration.tiedEmbeddings ? 1 : 0)), &largest)
      }
      return Deviation(
        check: "family \(family.name): gradient vs differences, each parameter",
        precision: "float64", largest: largest.value, limit: 1e-8, place: largest.place)
    }
  }

  /// Every element of the gradient of Σ c_t log π(y_t), relative to the gradient's norm.
  private func compare(
    _ configuration: ModelConfiguration, _ key: RandomKey, _ largest: inout LargestDeviation
  ) {
    let model = Transformer<Double>(configuration)
    // Weights are large enough that every operation matters; norm weights differ from 1 and biases
    // from 0.
    model.withParameters { buffer in
      buffer.withMutableSpan { span in
        for (index, parameter) in model.layout.parameters.enumerated() {
          var random = key.derive(UInt64(index)).generator()
          let isNorm = !parameter.isMatrix && !parameter.name.hasSuffix("bias")
          let scale = parameter.isMatrix ? 1.3 / Double(parameter.shape[1]).squareRoot() : 0.3
          for place in parameter.range { span[place] = (isNorm ? 1 : 0) + scale * random.normal() }
        }
      }
    }
    var random = key.derive("tokens").generator()
    func tokens(_ count: Int) -> [Int32] {
      (0..<count).map { _ in Int32(random.uniform(below: configuration.vocabularySize)) }
    }
    var batch = PackedSequences()
    batch.append(ScoredSequence(context: tokens(5), response: tokens(7)))
    batch.append(ScoredSequence(context: [], response: tokens(6)))
    let coefficients = (0..<batch.scoredCount).map { _ in random.normal() }

    let workspace = Workspace(model)
    _ = workspace.score(batch)
    var gradient = GradientBuffer<Double>(model.layout)
    workspace.accumulateGradient(coefficients: coefficients, into: &gradient)
    let values = gradient.values.withSpan { span in span.indices.map { span[$0] } }
    let length = gradient.values.norm()

    func objective(_ place: Int, _ value: Double) -> Double {
      model.withParameters { $0.withMutableSpan { $0[place] = value } }
      return zip(coefficients, workspace.score(batch).logProbabilities)
        .reduce(0) { $0 + $1.0 * $1.1 }
    }
    // Fourth order: relative to the norm, its error is near 1e-12, and that of rounding near 1e-10.
    let step = 2e-5
    for parameter in model.layout.parameters {
      for place in parameter.range {
        let start = model.withParameters { $0.withSpan { $0[place] } }
        let near = objective(place, start + step) - objective(place, start - step)
        let far = objective(place, start + 2 * step) - objective(place, start - 2 * step)
        _ = objective(place, start)
        largest.add(((8 * near - far) / (12 * step) - values[place]) / length) { parameter.name }
      }
    }
  }
}
