import ModelCore
import TestSupport
import Testing

@Suite struct BatchGradientTests {
  private static let configuration = Shape(family: .qwen2, tied: false).configuration(
    vocabulary: 50, hidden: 16, feedForward: 20, layers: 2)

  private struct Failure: Error {}

  private static func chunk(_ index: Int, _ batch: UInt64) -> PackedSequences {
    PackedSequences(
      (0..<2).map {
        ScoredSequence.random(
          context: 1 + index, response: 3 + 5 * $0 + index % 3, vocabulary: 50,
          label: batch * 100 + UInt64(index * 2 + $0))
      })
  }

  private static func coefficients(_ batch: PackedSequences) -> [Float] {
    randomValues(batch.scoredCount, 6).map { Float($0) }
  }

  /// The sum over a batch; the results are the chunks' log-probabilities.
  private static func run(
    _ sum: BatchGradient<Float>, chunkCount: Int, threads: Int, batch: UInt64
  ) throws -> (results: [Double], gradient: [Float]) {
    let results = try sum.sum(chunkCount: chunkCount, threads: threads) {
      workspace, index, gradient in
      let packed = chunk(index, batch)
      let scores = workspace.score(packed)
      workspace.accumulateGradient(coefficients: coefficients(packed), into: &gradient)
      return scores.logProbabilities.reduce(0, +)
    }
    return (results, sum.gradient.array)
  }

  /// With buffers for every chunk and with one more than the threads, which nine chunks take in turn.
  @Test(arguments: [1, 2, 3], [0, 1 << 30])
  func chunksAreSummedInOrderToTheBit(threads: Int, spareBytes: Int) throws {
    let model = Transformer<Float>.random(Self.configuration)
    let sum = BatchGradient(model, chunkCount: 9, spareBytes: spareBytes)
    // Buffers and workspaces are used again: a large batch, a small one, the large one.
    for (batch, chunkCount) in [(1, 9), (2, 3), (1, 9), (3, 0)] as [(UInt64, Int)] {
      var results: [Double] = []
      var total = [Float](repeating: 0, count: model.layout.count)
      for index in 0..<chunkCount {
        let packed = Self.chunk(index, batch)
        let workspace = Workspace(model)
        let gradient = workspace.gradient(packed, Self.coefficients(packed).map { Double($0) })
        for place in total.indices { total[place] += gradient[place] }
        results.append(workspace.score(packed).logProbabilities.reduce(0, +))
      }
      let actual = try Self.run(sum, chunkCount: chunkCount, threads: threads, batch: batch)
      #expect(actual.results == results)
      #expect(actual.gradient == total)
    }
  }

  /// The number of gradients in memory follows the threads and not the chunks.
  @Test func theMemoryDoesNotGrowWithTheChunks() {
    let shape = Shape(family: .llama, tied: true).configuration(
      vocabulary: 50_000, hidden: 640, feedForward: 20)  // 128 MB, 4 of them in half a GiB
    let layout = ParameterLayout(shape)
    let gradient = Double(layout.count * 4)
    func held(_ chunkCount: Int, _ threads: Int) -> Double {
      BatchGradient<Float>.byteCount(layout, chunkCount: chunkCount, threads: threads) / gradient
    }
    #expect(held(1, 2) == 2)
    #expect(held(100, 1) == 1 + 4 + 1)
    #expect(held(100, 2) == 2 + 4 + 1)
    #expect(held(10_000, 2) == held(100, 2))
  }

  @Test func errorsOfAChunkArePassedOn() throws {
    let sum = BatchGradient(Transformer<Float>.random(Self.configuration), chunkCount: 4)
    let expected = try Self.run(sum, chunkCount: 4, threads: 2, batch: 1)
    #expect(throws: Failure.self) {
      _ = try sum.sum(chunkCount: 4, threads: 2) { _, index, _ in
        if index == 2 { throw Failure() }
      }
    }
    let again = try Self.run(sum, chunkCount: 4, threads: 2, batch: 1)
    #expect(again == expected, "an error leaves nothing behind")
  }

  /// Packs are a function of the sequences, so scores do not depend on threads.
  @Test func scorersGiveEachSequenceItsSum() throws {
    let model = Transformer<Float>.random(Self.configuration)
    let sequences = (0..<60).map {
      ScoredSequence.random(
        context: 1 + $0 % 7, response: 1 + ($0 * 13) % 90, vocabulary: 50, label: UInt64($0))
    }
    let packs = SequenceScorer<Float>.packs(sequences)
    #expect(packs.count > 3)
    #expect(packs.flatMap { Array($0) } == Array(sequences.indices))
    let scorer = SequenceScorer(model)
    let one = try scorer.logProbabilities(sequences, threads: 1)
    #expect(try scorer.logProbabilities(sequences, threads: 3) == one)
    let alone = sequences.map {
      Workspace(model).score(PackedSequences([$0])).logProbabilities.reduce(0, +)
    }
    expectClose(one, alone, absolute: 1e-4)
  }
}
