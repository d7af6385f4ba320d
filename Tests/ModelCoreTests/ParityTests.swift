import Foundation
import ModelCore
import Safetensors
import TestSupport
import Testing

/// Both routes against an independent all-float64 decoder differentiated by autograd.
@Suite struct ParityTests {
  @Test(arguments: Golden.names, [ProductMethod.auto, .gram, .materialized])
  func doubleMatchesTheReference(name: String, method: ProductMethod) throws {
    try check(Double.self, name, method, cosineTolerance: 1e-9)
  }

  @Test(arguments: Golden.names, [ProductMethod.auto, .gram, .materialized])
  func floatMatchesTheReference(name: String, method: ProductMethod) throws {
    try check(Float.self, name, method, cosineTolerance: 2e-5)
  }

  /// A base with a LoRA adapter of PEFT's, of matrices as usual and of transposed ones.
  @Test(arguments: [("lora-qwen3", "qwen3-tied"), ("lora-gpt2", "gpt2")])
  func adaptersMatchTheReference(name: String, base: String) throws {
    let golden = try Golden(name)
    func model<Scalar: ModelScalar>(_: Scalar.Type) throws -> Transformer<Scalar> {
      let model = try Transformer<Scalar>(directory: Golden(base).directory)
      let before = model.values
      let adapter = try LowRankAdapter(directory: golden.directory)
      #expect(try model.add(adapter).count == (base == "gpt2" ? 4 : 9))
      #expect(model.values != before)
      return model
    }
    try check(model(Double.self), golden, name, .auto, cosineTolerance: 1e-9)
    try check(model(Float.self), golden, name, .auto, cosineTolerance: 2e-5)
  }

  /// dA = s Bᵀ dW and dB = s dW Aᵀ, for every route, and nothing else where the adapter is alone.
  /// The step s (dB A + B dA) formed as a whole, against the products of ranks.
  @Test func adapterStepsAreThoseOfTheirFactors() throws {
    let golden = try Golden("lora-qwen3")
    let base = try Transformer<Double>(directory: Golden("qwen3-tied").directory)
    let adapter = try LowRankAdapter(directory: golden.directory)
    let both = try Transformer(base, with: adapter, adapterAlone: false)
    let sample = golden.samples[1]
    let count = sample.conditional.scoredCount
    let ones = Array(repeating: 1 / Double(count), count: count)
    let workspace = Workspace(both)
    _ = workspace.score(PackedSequences(first: sample.marginal, second: sample.conditional))
    let found = workspace.adapterUpdates(coefficients: ones + ones)
    #expect(try adapter.layers(of: base.configuration) == [0, 1, 2])
    let parameters = both.layout.parameters
    let values = both.values
    for (updates, sequence) in [(found.first, sample.marginal), (found.second, sample.conditional)]
    {
      let gradient = Workspace(both).gradient(PackedSequences([sequence]), ones)
      #expect(updates.count == 9)
      for update in updates {
        let matrix = parameters[update.matrix]
        let stem = "base_model.model." + matrix.name.dropLast(".weight".count)
        let a = try #require(parameters.first { $0.name == stem + ".lora_A.weight" })
        let b = try #require(parameters.first { $0.name == stem + ".lora_B.weight" })
        let (outputs, inputs, rank) = (matrix.shape[0], matrix.shape[1], adapter.rank)
        var (inner, step, own) = (0.0, 0.0, 0.0)
        for row in 0..<outputs {
          for column in 0..<inputs {
            let p = (0..<rank).reduce(0.0) { sum, k in
              let (inA, inB) = (a.offset + k * inputs + column, b.offset + row * rank + k)
              return sum + adapter.scale
                * (gradient[inB] * values[inA] + values[inB] * gradient[inA])
            }
            let dW = gradient[matrix.offset + row * inputs + column]
            inner += p * dW
            step += p * p
            own += dW * dW
          }
        }
        expectClose(update.innerProduct, inner, relative: 1e-10, "\(matrix.name) <P, dW>")
        expectClose(update.squaredNormOfUpdate, step, relative: 1e-10, "\(matrix.name) |P|²")
        expectClose(update.squaredNormOfGradient, own, relative: 1e-10, "\(matrix.name) |dW|²")
      }
    }
  }

  @Test func factorsHaveTheGradientsOfTheChainRule() throws {
    let golden = try Golden("lora-qwen3")
    let base = try Transformer<Double>(directory: Golden("qwen3-tied").directory)
    let adapter = try LowRankAdapter(directory: golden.directory)
    let merged = base.copy()
    try merged.add(adapter)
    let both = try Transformer(base, with: adapter, adapterAlone: false)
    let alone = try Transformer(base, with: adapter, adapterAlone: true)
    #expect(Array(both.values.prefix(merged.values.count)) == merged.values)
    #expect(base.values != merged.values)
    let sample = golden.samples[1]
    func gradient(_ model: Transformer<Double>) -> [Double] {
      let batch = PackedSequences([sample.conditional])
      let count = sample.conditional.scoredCount
      return Workspace(model).gradient(batch, Array(repeating: 1 / Double(count), count: count))
    }
    let (whole, own, other) = (gradient(merged), gradient(both), gradient(alone))
    #expect(Array(own.prefix(whole.count)) == whole, "the base's gradients stay as they are")
    #expect(other.prefix(whole.count).allSatisfy { $0 == 0 })
    #expect(own[whole.count...] == other[whole.count...])
    let parameters = both.layout.parameters
    let values = both.values
    var factors = 0
    for (index, parameter) in parameters.enumerated() where parameter.name.contains("lora_A") {
      let matrix = try #require(
        merged.layout.parameters.first {
          "base_model.model." + $0.name
            == parameter.name.replacingOccurrences(of: ".lora_A.weight", with: ".weight")
        })
      let (a, b) = (parameter, parameters[index + 1])
      let (outputs, inputs, rank) = (matrix.shape[0], matrix.shape[1], adapter.rank)
      #expect(a.shape == [rank, inputs] && b.shape == [outputs, rank])
      func at(_ array: [Double], _ p: ParameterLayout.Parameter, _ row: Int, _ column: Int)
        -> Double
      {
        array[p.offset + row * p.shape[1] + column]
      }
      for k in 0..<rank {
        for i in 0..<inputs {
          let expected = (0..<outputs).reduce(0.0) {
            $0 + at(values, b, $1, k) * at(whole, matrix, $1, i)
          }
          expectClose(at(own, a, k, i), adapter.scale * expected, absolute: 1e-13)
        }
        for o in 0..<outputs {
          let expected = (0..<inputs).reduce(0.0) {
            $0 + at(whole, matrix, o, $1) * at(values, a, k, $1)
          }
          expectClose(at(own, b, o, k), adapter.scale * expected, absolute: 1e-13)
        }
      }
      factors += 1
    }
    #expect(factors == 9)
    // Products of two gradients by every route are those of the formed ones; so is the tangent.
    let batch = PackedSequences(first: sample.marginal, second: sample.conditional)
    let count = sample.conditional.scoredCount
    let first = Workspace(alone).gradient(
      PackedSequences([sample.marginal]), Array(repeating: 1 / Double(count), count: count))
    for method in [ProductMethod.gram, .materialized, .auto] {
      let workspace = Workspace(alone)
      _ = workspace.score(batch)
      let products = workspace.gradientProducts(
        coefficients: Array(repeating: 1 / Double(count), count: 2 * count), method: method)
      expectClose(
        products.innerProducts.reduce(0, +), dotProduct(first, other), relative: 1e-10, "\(method)")
    }
    let workspace = Workspace(both)
    _ = workspace.score(PackedSequences([sample.conditional]))
    var direction = GradientBuffer<Double>(both.layout)
    direction.values.withMutableSpan { span in
      for place in whole.count..<own.count { span[place] = own[place] }
    }
    let slopes = workspace.tokenDerivatives(along: direction)
    expectClose(
      slopes.reduce(0, +) / Double(count), dotProduct(other, other), relative: 1e-10, "tangent")
  }

  /// Cosine within the tolerance; norms (relative), log-probabilities and entropies within 20 times.
  private func check<Scalar: ModelScalar>(
    _ type: Scalar.Type, _ name: String, _ method: ProductMethod, cosineTolerance: Double
  ) throws {
    let golden = try Golden(name)
    try check(
      Transformer<Scalar>(directory: golden.directory), golden, name, method,
      cosineTolerance: cosineTolerance)
  }

  private func check<Scalar: ModelScalar>(
    _ model: Transformer<Scalar>, _ golden: Golden, _ name: String, _ method: ProductMethod,
    cosineTolerance: Double
  ) throws {
    let workspace = Workspace(model)
    let loose = 20 * cosineTolerance
    for (index, sample) in golden.samples.enumerated() {
      let batch = PackedSequences(first: sample.marginal, second: sample.conditional)
      let scores = workspace.score(batch)
      let label = "\(name) sample \(index)"
      expectClose(
        scores.logProbabilities, sample.logMarginal + sample.logConditional, absolute: loose,
        "\(label) log-probabilities")
      expectClose(
        scores.entropies, sample.entropyMarginal + sample.entropyConditional, absolute: loose,
        "\(label) entropies")

      let count = sample.marginal.scoredCount
      let products = workspace.gradientProducts(
        coefficients: Array(repeating: 1 / Scalar(count), count: 2 * count), method: method)
      let inner = products.innerProducts.reduce(0, +)
      let marginal = products.squaredNormsOfFirst.reduce(0, +)
      let conditional = products.squaredNormsOfSecond.reduce(0, +)
      expectClose(
        inner / (marginal * conditional).squareRoot(), sample.cosine, absolute: cosineTolerance,
        "\(label) cosine")
      expectClose(
        marginal.squareRoot(), sample.squaredNormMarginal.squareRoot(), relative: loose,
        "\(label) marginal norm")
      expectClose(
        conditional.squareRoot(), sample.squaredNormConditional.squareRoot(), relative: loose,
        "\(label) conditional norm")

      // A parameter whose gradient is 0 by symmetry still has the rounding of the whole.
      let floor = 1e-3 * cosineTolerance
      let whole = (sample.squaredNormMarginal * sample.squaredNormConditional).squareRoot()
      for (parameter, entry) in model.layout.parameters.enumerated() {
        let expected = try #require(sample.parameters[entry.name])
        let scale = (expected.marginal * expected.conditional).squareRoot()
        expectClose(
          products.innerProducts[parameter], expected.inner,
          absolute: loose * scale + floor * whole, "\(label) <,> of \(entry.name)")
        expectClose(
          products.squaredNormsOfFirst[parameter], expected.marginal, relative: 2 * loose,
          absolute: floor * sample.squaredNormMarginal, "\(label) marginal |.|² of \(entry.name)")
      }
    }
  }

  @Test(
    arguments: [
      "qwen3-tied", "qwen2-untied", "llama-tied", "gpt2", "gpt2-bare", "mistral", "phi3", "olmo2",
      "olmo3", "gemma3", "gpt-neox", "qwen3-moe", "gemma2",
    ])
  func everyGradientMatchesAutograd(name: String) throws {
    let golden = try Golden(name)
    let model = try Transformer<Double>(directory: golden.directory)
    let reference = try SafetensorsFile(path: golden.directory + "/golden.safetensors")
    let workspace = Workspace(model)
    for index in golden.gradientSamples {
      let sample = golden.samples[index]
      for (objective, sequence) in [
        ("marginal", sample.marginal), ("conditional", sample.conditional),
      ] {
        var batch = PackedSequences()
        batch.append(sequence)
        _ = workspace.score(batch)
        var gradient = GradientBuffer<Double>(model.layout)
        workspace.accumulateGradient(
          coefficients: Array(
            repeating: 1 / Double(sequence.scoredCount), count: sequence.scoredCount),
          into: &gradient)
        for parameter in model.layout.parameters {
          let expected = try reference.doubles("sample.\(index).\(objective).\(parameter.name)")
          let actual = gradient.values.withSpan { span in parameter.range.map { span[$0] } }
          let scale = expected.map { abs($0) }.max() ?? 0
          expectClose(
            actual, expected, absolute: 1e-11 * scale + 1e-14,
            "sample \(index) \(objective) \(parameter.name)")
        }
      }
    }
  }
}
