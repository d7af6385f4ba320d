// Gradients that are computed slice by slice of the parameters.
import ModelCore
import TestSupport
import Testing

@Suite struct GradientSliceTests {
  private static let vocabulary = 301

  /// The vocabulary has several tiles, and slices cut them, layers and fused matrices.
  private static func model(_ shape: Shape) -> Transformer<Float> {
    .random(shape.configuration(vocabulary: vocabulary, hidden: 16, feedForward: 70, layers: 3))
  }

  private static func batch(_ label: UInt64) -> PackedSequences {
    PackedSequences(
      (0..<3).map {
        ScoredSequence.random(
          context: 1 + 2 * $0, response: 4 + 3 * $0, vocabulary: vocabulary,
          label: label * 10 + UInt64($0))
      })
  }

  private static func coefficients(_ batch: PackedSequences, _ label: UInt64) -> [Float] {
    randomValues(batch.scoredCount, label).map { Float($0) }
  }

  /// What a buffer has of its slice.
  private static func slice(_ gradient: borrowing GradientBuffer<Float>) -> [Float] {
    let first = gradient.range.lowerBound - gradient.held.lowerBound
    return Array(gradient.array[first..<first + gradient.range.count])
  }

  @Test(arguments: Shape.all) func slicesOfAGradientHaveTheBitsOfTheWhole(shape: Shape) {
    let model = Self.model(shape)
    let workspace = Workspace(model, activationBudget: 1 << 20, vocabularyTile: 64)
    let batch = Self.batch(1)
    _ = workspace.score(batch)
    /// Two gradients are added, so that the second finds the buffer filled.
    func fill(_ gradient: inout GradientBuffer<Float>) {
      for label in [2, 3] as [UInt64] {
        workspace.accumulateGradient(
          coefficients: Self.coefficients(batch, label), into: &gradient)
      }
    }
    var whole = GradientBuffer<Float>(model.layout)
    fill(&whole)
    for sliceCount in [2, 5, 64] {
      let slices = model.layout.slices(sliceCount)
      #expect(slices.count > 1 && slices.count <= sliceCount)
      var joined: [Float] = []
      for range in slices {
        var part = GradientBuffer<Float>(model.layout, range: range)
        fill(&part)
        joined += Self.slice(part)
      }
      #expect(joined == whole.array)
    }
  }

  @Test(arguments: Shape.all) func slicesOfABatchHaveTheBitsOfTheWhole(shape: Shape) throws {
    let model = Self.model(shape)
    func sum(_ range: Range<Int>?) throws -> [Float] {
      let sum = BatchGradient(model, chunkCount: 3, range: range)
      _ = try sum.sum(chunkCount: 3, threads: 2) { workspace, chunk, gradient in
        let batch = Self.batch(UInt64(chunk))
        _ = workspace.score(batch)
        workspace.accumulateGradient(coefficients: Self.coefficients(batch, 4), into: &gradient)
      }
      return Self.slice(sum.gradient)
    }
    let joined = try model.layout.slices(4).flatMap { try sum($0) }
    #expect(try joined == sum(nil))
  }

  /// Slices cover the layout, begin at the grain, and are as few as the limit allows.
  @Test(arguments: Shape.all) func slicesFollowTheMemoryLimit(shape: Shape) throws {
    let layout = Self.model(shape).layout
    let whole = layout.count * 4 * (20 + 3)
    let least = layout.leastSliceBytes(rowCount: 20, bufferCount: 3, scalarSize: 4)
    #expect(least < whole / 2)
    func slices(_ byteLimit: Int) -> [Range<Int>]? {
      layout.slices(rowCount: 20, bufferCount: 3, scalarSize: 4, byteLimit: byteLimit)
    }
    #expect(slices(whole) == [0..<layout.count])
    #expect(slices(least - 1) == nil)
    for limit in [least, (least + whole) / 2, whole - 1] {
      let slices = try #require(slices(limit))
      #expect(slices.count > 1)
      #expect(slices.first?.lowerBound == 0 && slices.last?.upperBound == layout.count)
      for (slice, next) in zip(slices, slices.dropFirst()) {
        #expect(slice.upperBound == next.lowerBound)
        #expect(next.lowerBound.isMultiple(of: ParameterLayout.sliceGrain))
      }
      let bytes = slices.map { range in
        4 * (20 * range.count + 3 * GradientBuffer<Float>(layout, range: range).values.count)
      }
      #expect(bytes.max() ?? 0 <= limit)
    }
  }
}
