import ModelCore
import TestSupport
import Testing

/// Memory, tiles and threads change speed and not one bit.
@Suite struct WorkspaceTests {
  private static let configuration = Shape(family: .qwen3, tied: true).configuration(
    vocabulary: 97, hidden: 24, feedForward: 40, layers: 4)

  /// Batches of rising and falling size, one beyond an attention tile.
  private static let batches: [PackedSequences] = [(5, 9), (40, 100), (1, 2), (17, 40)].enumerated()
    .map { index, size in
      let marginal = ScoredSequence.random(
        context: 1, response: size.1, vocabulary: 97, label: UInt64(index))
      let context = ScoredSequence.random(
        context: size.0, response: 0, vocabulary: 97, label: UInt64(100 + index)
      ).context
      return PackedSequences(
        first: marginal, second: ScoredSequence(context: context, response: marginal.response))
    }

  /// Everything a workspace says of a batch.
  private struct Answer<Scalar: ModelScalar>: Equatable, Sendable {
    var scores: [Double]
    var products: [Double]
    var gradient: [Scalar]

    init(_ workspace: Workspace<Scalar>, _ batch: PackedSequences) {
      let coefficients = randomValues(batch.scoredCount, 3)
      let result = workspace.score(batch)
      scores = result.logProbabilities + result.entropies
      gradient = workspace.gradient(batch, coefficients)
      products = []
      for method in ProductMethod.allCases {
        let all = workspace.gradientProducts(
          coefficients: coefficients.map { Scalar($0) }, method: method)
        products += all.innerProducts + all.squaredNormsOfFirst + all.squaredNormsOfSecond
      }
    }
  }

  @Test func theActivationBudgetChangesNoBit() {
    func check<Scalar: ModelScalar>(_ type: Scalar.Type) {
      let model = Transformer<Scalar>.random(Self.configuration)
      for batch in Self.batches {
        let unlimited = Answer(Workspace(model, activationBudget: 1 << 40), batch)
        #expect(unlimited.scores.allSatisfy { $0.isFinite })
        // The second keeps some of the four layers.
        for budget in [0, batch.rowCount * 600 * MemoryLayout<Scalar>.stride] {
          let answer = Answer(Workspace(model, activationBudget: budget), batch)
          #expect(answer == unlimited, "\(type), \(budget) bytes")
        }
      }
    }
    check(Float.self)
    check(Double.self)
  }

  /// Layer inputs of every layer, of every second, of a segment that is cut short, and of as few as possible; branches
  /// one after another and side by side.
  @Test(arguments: [ModelConfiguration.Family.qwen3, .gptNeoX, .qwen3MoE])
  func theResidualBudgetChangesNoBit(family: ModelConfiguration.Family) {
    func check<Scalar: ModelScalar>(_ type: Scalar.Type) {
      let shape = Shape(family: family, tied: true)
      let model = Transformer<Scalar>.random(
        shape.configuration(vocabulary: 97, hidden: 24, feedForward: 40, layers: 7))
      var direction = GradientBuffer<Scalar>(model.layout)
      model.withParameters { direction.values.copy(from: $0) }
      for batch in Self.batches.prefix(2) {
        let all = Answer(Workspace(model), batch)
        var slopes: [Double] = []
        for kept in [8, 7, 6, 5, 4, 0] {
          let bytes = kept * batch.rowCount * 24 * MemoryLayout<Scalar>.stride
          let workspace = Workspace(model, residualBudget: bytes)
          #expect(Answer(workspace, batch) == all, "\(type), \(kept) inputs")
          // A tangent between two backward passes, which find the inputs of the lowest layers.
          let own = workspace.tokenDerivatives(along: direction)
          if slopes.isEmpty { slopes = own }
          #expect(own == slopes && own.allSatisfy(\.isFinite))
          #expect(Answer(workspace, batch) == all, "\(type), \(kept) inputs, again")
        }
      }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test func aUsedWorkspaceGivesTheBitsOfAFreshOne() {
    let model = Transformer<Float>.random(Self.configuration)
    let used = Workspace(model)
    for batch in Self.batches + Self.batches.reversed() {
      #expect(Answer(used, batch) == Answer(Workspace(model), batch))
    }
  }

  /// Another backward pass of the same forward pass gives the same again.
  @Test(arguments: [0, 1 << 40]) func backwardCanBeRepeated(budget: Int) {
    let workspace = Workspace(
      Transformer<Float>.random(Self.configuration), activationBudget: budget)
    let batch = Self.batches[3]
    _ = workspace.score(batch)
    let coefficients = randomValues(batch.scoredCount, 3).map { Float($0) }
    let first = workspace.gradientProducts(coefficients: coefficients)
    let tripled = workspace.gradientProducts(coefficients: coefficients.map { 4 * $0 })
    let second = workspace.gradientProducts(coefficients: coefficients)
    #expect(first.innerProducts == second.innerProducts)
    #expect(tripled.innerProducts == first.innerProducts.map { 16 * $0 })
  }

  /// The tile of the vocabulary only regroups sums.
  @Test(arguments: [1, 7, 96, 97, 500]) func theVocabularyTileChangesRoundingOnly(tile: Int) {
    let model = Transformer<Double>.random(Self.configuration)
    let batch = Self.batches[0]
    let whole = Answer(Workspace(model), batch)
    let tiled = Answer(
      Workspace(model, activationBudget: 1 << 30, vocabularyTile: tile), batch)
    expectClose(tiled.scores, whole.scores, absolute: 1e-12, "scores")
    let largest = whole.gradient.map { abs($0) }.max() ?? 0
    expectClose(tiled.gradient, whole.gradient, absolute: 1e-12 * largest, "gradient")
    expectClose(tiled.products, whole.products, relative: 1e-9, absolute: 1e-12, "products")
  }

  @Test(arguments: [2, 3]) func theNumberOfThreadsChangesNoBit(threads: Int) throws {
    let model = Transformer<Float>.random(Self.configuration)
    func answers(_ threads: Int) throws -> [Answer<Float>] {
      var answers: [Answer<Float>] = []
      try forEachInOrder(
        0..<12, threads: threads, makeWorker: { Workspace(model) },
        body: { workspace, index in Answer(workspace, Self.batches[index % Self.batches.count]) },
        consume: { _, answer in answers.append(answer) })
      return answers
    }
    let one = try answers(1)
    #expect(one.count == 12)
    #expect(try answers(threads) == one)
  }
}
