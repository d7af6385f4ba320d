import Foundation
import KeyedRandom
import ModelCore
import TestSupport
import Testing

/// Decoding with a cache against the full forward pass.
@Suite struct DecoderTests {
  /// The log-probability of each sequence's scored tokens, all sequences in one block; a last row
  /// idles all the time, shorter sequences idle at the end. The context is read token by token, or in one
  /// pass but for its last token.
  private func decode<Scalar: ModelScalar>(
    _ model: Transformer<Scalar>, _ sequences: [ScoredSequence], contextInOnePass: Bool = false
  ) -> [Double] {
    let rows = sequences.map { $0.context + $0.response }
    let length = rows.map(\.count).max() ?? 0
    let decoder = Decoder(model, rows: rows.count + 1, capacity: length)
    var result = sequences.map { _ in [Double]() }
    let starts = sequences.map { contextInOnePass ? max(0, $0.context.count - 1) : 0 }
    for (row, start) in starts.enumerated() where start > 0 {
      decoder.read(rows[row][..<start], into: row)
    }
    for position in 0..<length - 1 {
      let tokens =
        zip(rows, starts).map { tokens, start in
          start <= position && position < tokens.count - 1 ? tokens[position] : nil
        } + [nil]
      let logits = decoder.step(
        tokens: tokens, positions: Array(repeating: position, count: rows.count + 1))
      for (row, sequence) in sequences.enumerated() where position < rows[row].count - 1 {
        let target = position + 1
        guard target >= sequence.context.count + sequence.firstScored else { continue }
        let values = (0..<logits.columns).map { Double(logits.row(row)[$0]) }
        let largest = values.max() ?? 0
        let total = values.reduce(0) { $0 + exp($1 - largest) }
        result[row].append(values[Int(rows[row][target])] - largest - log(total))
      }
    }
    return result.flatMap { $0 }
  }

  @Test(arguments: Golden.names) func cachedDecodingEqualsTheFullForwardPass(
    name: String
  ) throws {
    let golden = try Golden(name)
    func check<Scalar: ModelScalar>(_ type: Scalar.Type, tolerance: Double) throws {
      let model = try Transformer<Scalar>(directory: golden.directory)
      let sequences = golden.samples.flatMap { [$0.marginal, $0.conditional] }
      let scores = Workspace(model).score(PackedSequences(sequences))
      expectClose(
        decode(model, sequences), scores.logProbabilities, absolute: tolerance, "\(type)")
      expectClose(
        decode(model, sequences, contextInOnePass: true), scores.logProbabilities,
        absolute: tolerance, "\(type), contexts in one pass")
    }
    try check(Float.self, tolerance: 1e-4)
    try check(Double.self, tolerance: 1e-10)
  }

  /// A window that begins within, before and behind a tile of the cache.
  @Test(arguments: [1, 32, 40]) func aWindowOfTheCacheIsThatOfTheForwardPass(window: Int) {
    var configuration = Shape(family: .mistral, tied: true).configuration()
    configuration.slidingWindow = .init(width: window, layers: [true, true])
    let model = Transformer<Double>.random(configuration)
    let sequences = [
      ScoredSequence.random(context: 3, response: 97, vocabulary: 11, label: 1),
      ScoredSequence.random(context: 60, response: 9, vocabulary: 11, label: 2),
    ]
    let scores = Workspace(model).score(PackedSequences(sequences))
    for contextInOnePass in [false, true] {
      expectClose(
        decode(model, sequences, contextInOnePass: contextInOnePass), scores.logProbabilities,
        absolute: 1e-10)
    }
  }

  /// Nor on the row it is read into, nor on what was read before.
  @Test(arguments: [ModelConfiguration.Family.qwen3, .gpt2])
  func aPromptsBitsDependOnItsOwnTokensAlone(family: ModelConfiguration.Family) {
    let model = Transformer<Float>.random(Shape(family: family, tied: true).configuration())
    let prompt: [Int32] = [3, 1, 4, 1, 5, 9, 2, 6]
    func logits(_ row: Int, after others: [[Int32]]) -> [Float] {
      let decoder = Decoder(model, rows: 3, capacity: 24)
      for other in others { decoder.read(other[...], into: 1) }
      decoder.read(prompt[..<7], into: row)
      var tokens: [Int32?] = [nil, nil, nil]
      tokens[row] = prompt[7]
      let out = decoder.step(tokens: tokens, positions: [7, 7, 7])
      return (0..<out.columns).map { out.row(row)[$0] }
    }
    let alone = logits(0, after: [])
    #expect(logits(0, after: [Array(prompt[..<7])]) == alone)
    #expect(logits(0, after: [Array(prompt[..<7]), Array(1...9)]) == alone)
    // The last rows of a block may be computed by another kernel.
    expectClose(logits(2, after: [[7]]).map(Double.init), alone.map(Double.init), absolute: 1e-5)
  }

  /// Rows of a block do not hear of each other, whichever experts they share.
  @Test(arguments: [ModelConfiguration.Family.qwen3, .qwen3MoE])
  func aRowsBitsDependOnItsOwnTokensAlone(family: ModelConfiguration.Family) {
    let model = Transformer<Float>.random(Shape(family: family, tied: true).configuration())
    func logits(_ others: [Int32?]) -> [Float] {
      let decoder = Decoder(model, rows: 4, capacity: 8)
      var last: [Float] = []
      for position in 0..<6 {
        let out = decoder.step(
          tokens: [others[0], Int32(position), others[1], others[2]],
          positions: Array(repeating: position, count: 4))
        last += (0..<out.columns).map { out.row(1)[$0] }
      }
      return last
    }
    let alone = logits([nil, nil, nil])
    #expect(logits([3, 9, nil]) == alone)
    #expect(logits([7, 0, 10]) == alone)
  }
}
