import ModelCore
import TestSupport
import Testing

/// What gradients and their products must satisfy whatever the model.
@Suite struct GradientIdentityTests {
  private static let vocabulary = 300

  /// Large enough that `auto` takes both routes and the vocabulary several tiles.
  private static func configuration(_ shape: Shape) -> ModelConfiguration {
    shape.configuration(vocabulary: vocabulary, hidden: 40, feedForward: 72, layers: 3)
  }

  private static let marginal = ScoredSequence.random(
    context: 1, response: 24, vocabulary: vocabulary, label: 1)
  private static let conditional = ScoredSequence(
    context: ScoredSequence.random(context: 17, response: 0, vocabulary: vocabulary, label: 2)
      .context, response: marginal.response)
  private static let coefficients = randomValues(2 * marginal.scoredCount, 9)

  @Test(arguments: Shape.all) func perSequenceGradientsSumToThePackedGradient(shape: Shape) {
    func check<Scalar: ModelScalar>(_ type: Scalar.Type, tolerance: Double) {
      let model = Transformer<Scalar>.random(Self.configuration(shape))
      let workspace = Workspace(model)
      let sequences = (0..<5).map {
        ScoredSequence.random(
          context: 1 + 3 * $0, response: 9 - $0, vocabulary: Self.vocabulary, label: UInt64($0))
      }
      let all = PackedSequences(sequences)
      let coefficients = randomValues(all.scoredCount, 4)
      let packed = workspace.gradient(all, coefficients)
      var sum = [Double](repeating: 0, count: packed.count)
      for (index, sequence) in sequences.enumerated() {
        let part = workspace.gradient(
          PackedSequences([sequence]),
          Array(coefficients[all.scored(ofSequences: index..<index + 1)]))
        for place in sum.indices { sum[place] += Double(part[place]) }
      }
      let largest = sum.map { abs($0) }.max() ?? 0
      expectClose(packed.map { Double($0) }, sum, absolute: tolerance * largest, "\(type)")
    }
    check(Double.self, tolerance: 1e-13)
    check(Float.self, tolerance: 2e-5)
  }

  /// With the null context as prompt both objectives are the same function.
  @Test(arguments: Shape.all) func nullContextAsPromptGivesCosineOne(shape: Shape) {
    let workspace = Workspace(Transformer<Double>.random(Self.configuration(shape)))
    let batch = PackedSequences(first: Self.marginal, second: Self.marginal)
    let scores = workspace.score(batch)
    let count = Self.marginal.scoredCount
    // One packed product may give equal rows at different places different last bits.
    expectClose(
      Array(scores.logProbabilities[..<count]), Array(scores.logProbabilities[count...]),
      absolute: 1e-13, "log-probabilities")
    expectClose(
      Array(scores.entropies[..<count]), Array(scores.entropies[count...]), absolute: 1e-13,
      "entropies")
    let half = Array(Self.coefficients[..<count])
    for method in ProductMethod.allCases {
      let products = workspace.gradientProducts(coefficients: half + half, method: method)
      let inner = products.innerProducts.reduce(0, +)
      let first = products.squaredNormsOfFirst.reduce(0, +)
      let second = products.squaredNormsOfSecond.reduce(0, +)
      expectClose(inner / (first * second).squareRoot(), 1, absolute: 1e-12, "\(method)")
    }
  }

  /// A sequence of its own has bitwise the same scores whichever objective asks for it.
  @Test func nullContextAsPromptGivesTheSameScoresToTheBit() {
    let workspace = Workspace(Transformer<Float>.random(Self.configuration(Shape.all[0])))
    let asPrompt = ScoredSequence(
      context: Self.marginal.context, response: Self.conditional.response)
    let marginal = workspace.score(PackedSequences([Self.marginal]))
    let conditional = workspace.score(PackedSequences([asPrompt]))
    #expect(marginal.logProbabilities == conditional.logProbabilities)
    #expect(marginal.entropies == conditional.entropies)
  }

  /// A pair, and four sides of different lengths, one of two sequences.
  private static let sides: [[[ScoredSequence]]] = [
    [[marginal], [conditional]],
    [
      [marginal],
      (5...6).map {
        ScoredSequence.random(
          context: $0, response: 17 - $0, vocabulary: vocabulary, label: UInt64($0))
      },
      [ScoredSequence.random(context: 0, response: 5, vocabulary: vocabulary, label: 7)],
      [conditional],
    ],
  ]

  /// All routes against products of explicit gradients, parameter by parameter.
  @Test(arguments: Shape.all, ProductMethod.allCases)
  func productsAreThoseOfTheGradients(shape: Shape, method: ProductMethod) throws {
    func check<Scalar: ModelScalar>(
      _ type: Scalar.Type, _ sides: [[ScoredSequence]], tolerance: Double
    ) throws {
      let model = Transformer<Scalar>.random(Self.configuration(shape))
      let oracle = Workspace(Transformer<Double>.random(Self.configuration(shape)))
      var batch = PackedSequences()
      var coefficients: [Double] = []
      let gradients = sides.map { side in
        batch.beginSide()
        for sequence in side { batch.append(sequence) }
        let own = randomValues(PackedSequences(side).scoredCount, UInt64(batch.sequenceCount))
        coefficients += own
        return oracle.gradient(PackedSequences(side), own)
      }
      let workspace = Workspace(model, activationBudget: 512 << 20, vocabularyTile: 64)
      _ = workspace.score(batch)
      let all = workspace.gradientProductsWithLastSide(
        coefficients: coefficients.map { Scalar($0) }, method: method)
      try #require(all.count == sides.count - 1)
      for (side, products) in all.enumerated() {
        for (index, parameter) in model.layout.parameters.enumerated() {
          let one = Array(gradients[side][parameter.range])
          let two = Array(gradients[sides.count - 1][parameter.range])
          let name = "\(type) side \(side) of \(sides.count), \(parameter.name)"
          let firstNorm = dotProduct(one, one)
          let secondNorm = dotProduct(two, two)
          expectClose(
            products.innerProducts[index], dotProduct(one, two),
            absolute: tolerance * (firstNorm * secondNorm).squareRoot() + 1e-20, "<,> \(name)")
          expectClose(
            products.squaredNormsOfFirst[index], firstNorm, relative: tolerance, absolute: 1e-20,
            "first \(name)")
          expectClose(
            products.squaredNormsOfSecond[index], secondNorm, relative: tolerance, absolute: 1e-20,
            "second \(name)")
        }
      }
    }
    for sides in Self.sides {
      try check(Double.self, sides, tolerance: 1e-11)
      try check(Float.self, sides, tolerance: 1e-4)
    }
  }

  /// Tied embeddings: the gradient is head part plus embedding part, and the product of two sums has
  /// four terms. An untied model with equal matrices has the parts one by one.
  @Test(arguments: ProductMethod.allCases) func tiedProductsHaveTheirCrossTerms(
    method: ProductMethod
  ) throws {
    let tied = Transformer<Double>.random(
      Self.configuration(Shape(family: .qwen3, tied: true)))
    let untied = Transformer<Double>(Self.configuration(Shape(family: .qwen3, tied: false)))
    let values = tied.values
    let embedding = tied.layout.parameters[0]
    untied.withParameters { buffer in
      buffer.withMutableSpan { span in
        // The untied layout is the tied one followed by the head.
        for place in values.indices { span[place] = values[place] }
        for place in embedding.range { span[values.count + place] = values[place] }
      }
    }
    let head = try #require(untied.layout.parameters.last)
    #expect(head.name == "lm_head.weight" && head.offset == values.count)

    let count = Self.marginal.scoredCount
    let parts = Workspace(untied)
    let first = parts.gradient(
      PackedSequences([Self.marginal]), Array(Self.coefficients[..<count]))
    let second = parts.gradient(
      PackedSequences([Self.conditional]), Array(Self.coefficients[count...]))
    let (headOne, headTwo) = (Array(first[head.range]), Array(second[head.range]))
    let (embeddingOne, embeddingTwo) = (
      Array(first[embedding.range]), Array(second[embedding.range])
    )
    let alone = dotProduct(headOne, headTwo) + dotProduct(embeddingOne, embeddingTwo)
    let cross = dotProduct(headOne, embeddingTwo) + dotProduct(embeddingOne, headTwo)

    let workspace = Workspace(tied, activationBudget: 512 << 20, vocabularyTile: 64)
    _ = workspace.score(PackedSequences(first: Self.marginal, second: Self.conditional))
    let products = workspace.gradientProducts(coefficients: Self.coefficients, method: method)
    let scale = dotProduct(headOne, headOne) + dotProduct(embeddingOne, embeddingOne)
    expectClose(products.innerProducts[0], alone + cross, absolute: 1e-11 * scale)
    #expect(abs(cross) > 1e-4 * scale, "terms too small to be missed")
  }

  @Test(arguments: Shape.all) func groupedProductsAddUpToTheTotals(shape: Shape) {
    let model = Transformer<Double>.random(Self.configuration(shape))
    let workspace = Workspace(model)
    _ = workspace.score(PackedSequences(first: Self.marginal, second: Self.conditional))
    let products = workspace.gradientProducts(coefficients: Self.coefficients)
    let grouped = products.grouped(by: model.layout)
    for (parts, all) in [
      (grouped.innerProducts, products.innerProducts),
      (grouped.squaredNormsOfFirst, products.squaredNormsOfFirst),
      (grouped.squaredNormsOfSecond, products.squaredNormsOfSecond),
    ] {
      #expect(parts.count == model.layout.groups.count)
      expectClose(parts.reduce(0, +), all.reduce(0, +), relative: 1e-12)
    }
    // One module of one layer is one group, its bias included, and so are the gates of all experts.
    #expect(Set(model.layout.groups).count == model.layout.groups.count)
    for (index, group) in model.layout.groups.enumerated() {
      let members = model.layout.parameters.indices.filter {
        model.layout.parameters[$0].group == index
      }
      let prefix =
        group.layer < 0 ? "" : "\(shape.family == .gpt2 ? "h" : "layers").\(group.layer)."
      for member in members {
        let name = model.layout.parameters[member].name.replacing(
          /experts\.\d+\./, with: "experts.")
        #expect(name.contains(prefix + group.module + "."))
      }
      expectClose(
        grouped.innerProducts[index], members.reduce(0) { $0 + products.innerProducts[$1] },
        relative: 1e-14, "\(group)")
    }
  }
}
