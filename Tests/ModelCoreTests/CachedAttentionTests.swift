import KeyedRandom
import ModelCore
import Testing

/// The sums over the key-value cache against plain loops: the same bits, whatever the tiles.
@Suite struct CachedAttentionTests {
  /// Head dimensions below, of and above a tile; lengths around one.
  @Test(arguments: [6, 32, 40, 64], [1, 31, 32, 33, 70])
  func sumsHaveTheBitsOfPlainLoops(dimension: Int, count: Int) {
    check(Float.self, dimension, count)
    check(Double.self, dimension, count)
  }

  private func check<Scalar: ModelScalar>(_ type: Scalar.Type, _ dimension: Int, _ count: Int) {
    let stride = (count + cacheTile - 1) / cacheTile * cacheTile
    var random = RandomKey(seed: 1).derive(UInt64(dimension), UInt64(count)).generator()
    func numbers(_ count: Int) -> [Scalar] {
      (0..<count).map { _ in Scalar(2 * random.uniform() - 1) }
    }
    let query = numbers(dimension)
    let keys = numbers(dimension * stride)
    var scores = [Scalar](repeating: 0, count: stride)
    scoreCache(
      query, dimension: dimension, keys: keys, stride: stride, count: count, into: &scores)
    for s in 0..<count {
      var sum = Scalar.zero
      for d in 0..<dimension { sum += query[d] * keys[d * stride + s] }
      #expect(scores[s] == sum)
    }

    let weights = numbers(count)
    let values = numbers(count * dimension)
    var out = [Scalar](repeating: .nan, count: dimension)
    mixCache(weights, values: values, count: count, dimension: dimension, into: &out)
    for d in 0..<dimension {
      var sum = Scalar.zero
      for s in 0..<count { sum += weights[s] * values[s * dimension + d] }
      #expect(out[d] == sum)
    }
  }
}
