import ModelCore
import TestSupport
import Testing

@Suite struct GradientSetTests {
  private static let model = Transformer<Float>.random(
    Shape(family: .llama, tied: true).configuration(vocabulary: 90, hidden: 16))
  private static var count: Int { model.layout.count }

  /// A set of `count` random gradients and their values.
  private static func set(_ count: Int) -> (set: GradientSet<Float>, values: [[Float]]) {
    let set = GradientSet<Float>(model.layout, count: count)
    let values = (0..<count).map { row in
      randomValues(Self.count, UInt64(row)).map { Float($0) }
    }
    for (row, part) in values.enumerated() { set.add(gradient(part), to: row) }
    return (set, values)
  }

  private static func gradient(_ values: [Float]) -> GradientBuffer<Float> {
    var gradient = GradientBuffer<Float>(model.layout)
    gradient.values.withMutableSpan { span in
      for place in values.indices { span[place] = values[place] }
    }
    return gradient
  }

  private static func values(_ set: GradientSet<Float>, _ row: Int) -> [Float] {
    var out = Buffer<Float>(count: count)
    set.add(row, scaledBy: 1, to: &out)
    return out.withSpan { span in span.indices.map { span[$0] } }
  }

  /// The layout is no multiple of the pieces that are widened at a time.
  @Test func productsAreThoseOfTheGradients() {
    #expect(Self.count > 2048 && Self.count % 1024 != 0)
    let (set, values) = Self.set(5)
    let expected = (0..<3).flatMap { i in (2..<5).map { dotProduct(values[i], values[$0]) } }
    expectClose(set.products(0..<3, 2..<5), expected, relative: 1e-12, absolute: 1e-9)
  }

  @Test func accumulatedGradientsAreThoseOfABuffer() {
    let workspace = Workspace(Self.model)
    let batch = PackedSequences([
      ScoredSequence.random(context: 2, response: 7, vocabulary: 90, label: 4)
    ])
    let coefficients = randomValues(batch.scoredCount, 2)
    let expected = workspace.gradient(batch, coefficients)
    let set = GradientSet<Float>(Self.model.layout, count: 3)
    for _ in 0..<2 {
      set.accumulate(workspace, coefficients: coefficients.map { Float($0) }, into: 1)
    }
    expectClose(Self.values(set, 1), expected.map { 2 * $0 }, relative: 1e-5, absolute: 1e-5)
    for row in [0, 2] { #expect(Self.values(set, row).allSatisfy { $0 == 0 }) }
    set.clear(1)
    #expect(Self.values(set, 1).allSatisfy { $0 == 0 })
  }

  @Test func combinationsAndAdamsMetricAreTheirFormulas() {
    let (set, values) = Self.set(4)
    set.combine([(coefficient: 2, index: 0), (coefficient: -0.5, index: 2)], into: 3)
    let combined = zip(values[0], values[2]).map { 2 * $0 - 0.5 * $1 }
    expectClose(Self.values(set, 3), combined, absolute: 1e-6, "combination")

    let moment = zip(values[0], values[1]).map { ($0 * $0 + $1 * $1) / 2 }
    set.meanSquare([0, 1], into: 3)
    expectClose(Self.values(set, 3), moment, relative: 1e-6, "mean square")
    set.rescale(2, by: 3, epsilon: 0.1, into: 0)
    expectClose(
      Self.values(set, 0), zip(values[2], moment).map { $0 / ($1.squareRoot() + 0.1) },
      relative: 1e-5, "rescaled")
    set.firstAdamStep(1, epsilon: 0.1, into: 3)
    expectClose(
      Self.values(set, 3), values[1].map { $0 / (abs($0) + 0.1) }, relative: 1e-6, "first step")
  }

  /// Slice by slice the products have the bits of whole gradients.
  @Test(arguments: 1...4) func slicesGiveTheProductsOfWholeGradients(sliceCount: Int) {
    let (set, values) = Self.set(5)
    var products = [Double](repeating: 0, count: 9)
    var squares = [Double](repeating: 0, count: 5)
    let slices = Self.model.layout.slices(sliceCount)
    #expect(slices.count == min(sliceCount, 3))
    for slice in slices {
      let part = GradientSet<Float>(Self.model.layout, range: slice, count: 5)
      for (row, value) in values.enumerated() { part.add(Self.gradient(value), to: row) }
      part.addProducts(0..<3, 2..<5, to: &products)
      part.addSquaredNorms(0..<5, to: &squares)
    }
    #expect(products == set.products(0..<3, 2..<5))
    #expect(squares == (0..<5).map { set.products($0..<$0 + 1, $0..<$0 + 1)[0] })
  }

  /// Products of vectors that are derived piece by piece have the bits of vectors that are whole.
  @Test(arguments: 1...3) func derivedVectorsNeedNotExistAsAWhole(sliceCount: Int) {
    func derive(_ set: GradientSet<Float>) {
      set.meanSquare([0, 1], into: 5)
      set.rescale(0, by: 5, epsilon: 1e-8, into: 3)
      set.combine([(coefficient: 0.5, index: 1), (coefficient: -0.5, index: 2)], into: 4)
      set.firstAdamStep(4, epsilon: 1e-8, into: 4)
    }
    let values = Self.set(3).values
    let whole = GradientSet<Float>(Self.model.layout, count: 6)
    for (row, value) in values.enumerated() { whole.add(Self.gradient(value), to: row) }
    derive(whole)
    var products = [Double](repeating: 0, count: 25)
    for slice in Self.model.layout.slices(sliceCount) {
      let part = GradientSet<Float>(Self.model.layout, range: slice, count: 3)
      for (row, value) in values.enumerated() { part.add(Self.gradient(value), to: row) }
      part.addProducts(of: 5, derivedIn: 6, to: &products, derive)
    }
    #expect(products == whole.products(0..<5, 0..<5))
  }
}
