import Foundation
import ModelCore
import TestSupport
import Testing

@Suite struct AttentionTests {
  /// Heads side by side in one row, as the transformer lays them out: H queries, G keys, G values.
  private struct Problem {
    var length: Int
    var headCount = 4
    var keyValueHeadCount = 2
    var dimension = 4
    /// Keys that a query sees, its own among them; nil for all.
    var window: Int?

    var width: Int { (headCount + 2 * keyValueHeadCount) * dimension }
    var outWidth: Int { headCount * dimension }

    func heads(_ memory: Values<Double>) -> AttentionHeads<Double> {
      let rows = memory.matrix(length, width)
      let split = (headCount + keyValueHeadCount) * dimension
      return AttentionHeads(
        queryKey: rows.columns(0..<split), value: rows.columns(split..<width),
        headCount: headCount, keyValueHeadCount: keyValueHeadCount, headDimension: dimension)
    }

    func input(_ label: UInt64 = 1, scale: Double = 1) -> [Double] {
      randomValues(length * width, label, scale: scale)
    }

    func forward(_ input: [Double]) -> (out: [Double], logSumExp: [Double]) {
      let memory = Values<Double>(input)
      let out = Values<Double>.garbage(length * outWidth)
      let logSumExp = Values<Double>.garbage(length * headCount)
      let scores = Values<Double>.garbage(attentionTile * length)
      attention(
        heads(memory), window: window, into: out.matrix(length, outWidth),
        logSumExp: logSumExp.base,
        scores: scores.base)
      return (out.array, logSumExp.array)
    }

    func backward(_ input: [Double], dOut: [Double]) -> [Double] {
      let (out, logSumExp) = forward(input)
      let result = Values<Double>.garbage(length * width)
      let scores = Values<Double>.garbage(attentionTile * length)
      let dScores = Values<Double>.garbage(attentionTile * length)
      let outMemory = Values<Double>(out)
      let dOutMemory = Values<Double>(dOut)
      let memory = Values<Double>(input)
      attentionBackward(
        heads(memory), window: window, out: outMemory.matrix(length, outWidth),
        dOut: dOutMemory.matrix(length, outWidth), logSumExp: logSumExp, dHeads: heads(result),
        scores: scores.base, dScores: dScores.base)
      return result.array
    }

    /// The definition, one query at a time.
    func definition(_ input: [Double]) -> (out: [Double], logSumExp: [Double]) {
      var out = [Double](repeating: 0, count: length * outWidth)
      var logSumExp = [Double](repeating: 0, count: length * headCount)
      for head in 0..<headCount {
        let group = head * keyValueHeadCount / headCount
        for t in 0..<length {
          func part(_ row: Int, _ block: Int) -> ArraySlice<Double> {
            let start = row * width + block * dimension
            return input[start..<start + dimension]
          }
          let query = part(t, head)
          let first = window.map { max(0, t - $0 + 1) } ?? 0
          let weights = (first...t).map { s in
            exp(zip(query, part(s, headCount + group)).reduce(0) { $0 + $1.0 * $1.1 })
          }
          let total = weights.reduce(0, +)
          logSumExp[head * length + t] = log(total)
          for (s, weight) in weights.enumerated() {
            let value = part(first + s, headCount + keyValueHeadCount + group)
            for (d, v) in value.enumerated() {
              out[t * outWidth + head * dimension + d] += weight / total * v
            }
          }
        }
      }
      return (out, logSumExp)
    }
  }

  /// Lengths around the tile of 128 queries; one key/value head for each, for two and for all.
  @Test(arguments: [1, 2, 7, 127, 128, 129, 150, 257], [4, 2, 1])
  func forwardIsTheDefinition(length: Int, keyValueHeads: Int) {
    let problem = Problem(length: length, keyValueHeadCount: keyValueHeads)
    let input = problem.input()
    let actual = problem.forward(input)
    let expected = problem.definition(input)
    expectClose(actual.out, expected.out, absolute: 1e-13, "out")
    expectClose(actual.logSumExp, expected.logSumExp, absolute: 1e-13, "log-sum-exp")
  }

  /// Windows of one key, below and beyond a tile.
  @Test(arguments: [7, 150, 300], [1, 3, 128, 140])
  func aWindowIsTheDefinition(length: Int, window: Int) {
    let problem = Problem(length: length, window: window)
    let input = problem.input()
    let actual = problem.forward(input)
    let expected = problem.definition(input)
    expectClose(actual.out, expected.out, absolute: 1e-13, "out")
    expectClose(actual.logSumExp, expected.logSumExp, absolute: 1e-13, "log-sum-exp")
  }

  @Test(arguments: [4, 2, 1], [nil, 1, 2]) func backwardIsTheDerivative(
    keyValueHeads: Int, window: Int?
  ) {
    let problem = Problem(length: 5, keyValueHeadCount: keyValueHeads, window: window)
    let input = problem.input()
    let dOut = randomValues(problem.length * problem.outWidth, 2)
    checkGradient(
      of: { dotProduct(problem.forward($0).out, dOut) }, at: input,
      gradient: problem.backward(input, dOut: dOut), tolerance: 1e-8)
  }

  /// Coordinates on both sides of the tile's border, of queries, keys and values.
  @Test(arguments: [nil, 30]) func backwardIsTheDerivativeBeyondOneTile(window: Int?) {
    let problem = Problem(length: 150, headCount: 2, keyValueHeadCount: 1, window: window)
    let input = problem.input()
    let dOut = randomValues(problem.length * problem.outWidth, 2)
    let gradient = problem.backward(input, dOut: dOut)
    let places = [0, 1, 127, 128, 149].flatMap { row in
      [0, 5, 9, 14].map { row * problem.width + $0 }
    }
    checkGradient(
      of: { moved in
        var changed = input
        for (place, value) in zip(places, moved) { changed[place] = value }
        return dotProduct(problem.forward(changed).out, dOut)
      }, at: places.map { input[$0] }, gradient: places.map { gradient[$0] }, tolerance: 1e-7)
  }

  @Test func noQuerySeesTheFuture() {
    let problem = Problem(length: 140)
    let input = problem.input()
    let before = problem.forward(input).out
    for row in [1, 77, 128, 139] {
      var changed = input
      for place in row * problem.width..<changed.count { changed[place] = 50 }
      let after = problem.forward(changed).out
      let seen = row * problem.outWidth
      #expect(after[..<seen] == before[..<seen], "rows before \(row)")
      #expect(after[seen...] != before[seen...])
    }
  }

  @Test func hugeScoresStayFinite() {
    let problem = Problem(length: 9)
    let input = problem.input(scale: 100)
    let (out, logSumExp) = problem.forward(input)
    let gradient = problem.backward(input, dOut: randomValues(out.count, 2))
    #expect((out + logSumExp + gradient).allSatisfy { $0.isFinite })
    let largest = input.map { abs($0) }.max() ?? 0
    #expect(out.allSatisfy { abs($0) <= largest }, "a mean of values")
  }
}
