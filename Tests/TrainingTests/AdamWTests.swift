import Foundation
import ModelCore
import Tasks
import TestSupport
import Testing
import Training

@Suite struct AdamWTests {
  /// Four updates of torch.optim.AdamW (PyTorch 2.13.0, float32, betas .9/.95, eps 1e-8, weight
  /// decay .1 on the six values of a matrix and none on the two of a vector): gradients of the
  /// eight values, learning rate, values after the update.
  private static let table: [(gradient: [Float], rate: Double, values: [Float])] = [
    (
      [
        1.5409960746765137, -0.293428897857666, -2.1787893772125244, 0.5684312582015991,
        -1.0845223665237427, -1.3985954523086548, 0.40334683656692505, 0.8380263447761536,
      ], 0.01,
      [
        0.4895000159740448, -1.2387499809265137, 2.008000135421753, 0.02121875062584877,
        -0.7392500042915344, 1.5084999799728394, 0.9900000095367432, -0.5099999904632568,
      ]
    ),
    (
      [
        -0.0007192576304078102, -0.00040334355435334146, -0.0005966353928670287,
        0.0001820364996092394, -0.0008566746255382895, 0.0011006041895598173,
        -1.0711873769760132, 0.1227012425661087,
      ], 0.02,
      [
        0.47495511174201965, -1.222678780555725, 2.017561197280884, 0.007598530501127243,
        -0.7241866588592529, 1.5190441608428955, 0.9991228580474854, -0.5256059765815735,
      ]
    ),
    (
      [
        -5.663175106048584, 3.7311463356018066, -8.919953346252441, -15.091076850891113,
        3.703935384750366, 14.565025329589844, 0.9398099184036255, 0.7748488187789917,
      ], 0.005,
      [
        0.4770699441432953, -1.2249765396118164, 2.020188570022583, 0.01061380747705698,
        -0.72611403465271, 1.5154224634170532, 0.9984756112098694, -0.5299679040908813,
      ]
    ),
    (
      [
        0.019186941906809807, 0.12637947499752045, -0.12904350459575653, -0.0791102722287178,
        -0.0020879474468529224, -0.07184800505638123, 0.5186367630958557, -1.3125219345092773,
      ], 0.01,
      [
        0.4804780185222626, -1.2287708520889282, 2.0242836475372314, 0.015643814578652382,
        -0.7291845679283142, 1.5091853141784668, 0.9955441951751709, -0.530280351638794,
      ]
    ),
  ]

  /// The values sit at the beginning of a matrix and of a norm weight; all else has no gradient.
  @Test func updatesAreThoseOfPyTorch() throws {
    let layout = Transformer<Float>.tiny().layout
    let matrix = try #require(layout.parameters.first { $0.isMatrix && $0.count >= 6 })
    let vector = try #require(layout.parameters.first { !$0.isMatrix && $0.count >= 2 })
    let places =
      Array(matrix.range.prefix(6)) + Array(vector.range.prefix(2))
    func buffer(_ values: [Float]) -> Buffer<Float> {
      var buffer = Buffer<Float>(count: layout.count)
      buffer.withMutableSpan { span in
        for (place, value) in zip(places, values) { span[place] = value }
      }
      return buffer
    }
    var parameters = buffer([0.5, -1.25, 2.0, 0.03125, -0.75, 1.5, 1.0, -0.5])
    var optimizer = AdamW(
      layout, settings: AdamW.Settings(beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1))
    for row in Self.table {
      // Half the gradient and a scale of 2: the scale is that of gradient clipping.
      optimizer.update(
        &parameters, gradient: buffer(row.gradient.map { $0 / 2 }), scale: 2,
        learningRate: row.rate)
      let values = parameters.withSpan { span in places.map { span[$0] } }
      expectClose(values, row.values, relative: 3e-7, absolute: 3e-8)
    }
    #expect(optimizer.step == 4)
  }

  @Test func anyNumberOfThreadsGivesTheSameBits() {
    // An embedding of more elements than one piece of work has.
    let layout = ParameterLayout(
      ModelConfiguration(
        family: .qwen3, vocabularySize: 300, hiddenSize: 256, feedForwardSize: 6, layerCount: 1,
        headCount: 2, keyValueHeadCount: 1, headDimension: 4, tiedEmbeddings: true,
        maximumPositions: 16))
    func buffer(_ label: UInt64) -> Buffer<Float> {
      var buffer = Buffer<Float>(count: layout.count)
      let values = randomValues(buffer.count, label)
      buffer.withMutableSpan { span in for i in span.indices { span[i] = Float(values[i]) } }
      return buffer
    }
    let results = (1...4).map { threads in
      var optimizer = AdamW(layout, settings: .init(weightDecay: 0.1))
      var parameters = buffer(1)
      for label in 2..<5 as Range<UInt64> {
        optimizer.update(
          &parameters, gradient: buffer(label), scale: 0.7, learningRate: 0.01, threads: threads)
      }
      return parameters.withSpan { span in span.indices.map { span[$0] } }
    }
    let start = buffer(1).withSpan { span in span.indices.map { span[$0] } }
    #expect(results[0] != start)
    #expect(results.dropFirst().allSatisfy { $0 == results[0] })
  }

  @Test func aSavedOptimizerGoesOnToTheBit() throws {
    let model = Transformer<Float>.tiny()
    func gradient(_ label: UInt64) -> Buffer<Float> {
      var buffer = Buffer<Float>(count: model.layout.count)
      let values = randomValues(buffer.count, label)
      buffer.withMutableSpan { span in for i in span.indices { span[i] = Float(values[i]) } }
      return buffer
    }
    try withTemporaryDirectory { folder in
      let path = folder + "/optimizer.safetensors"
      var optimizer = AdamW(model.layout, settings: .init())
      model.withParameters { optimizer.update(&$0, gradient: gradient(1), learningRate: 0.01) }
      try optimizer.save(to: path)
      var other = AdamW(model.layout, settings: .init())
      try other.load(path)
      #expect(other.step == 1)
      let copy = Transformer<Float>(model.configuration)
      copy.withParameters { target in model.withParameters { target.copy(from: $0) } }
      model.withParameters { optimizer.update(&$0, gradient: gradient(2), learningRate: 0.01) }
      copy.withParameters { other.update(&$0, gradient: gradient(2), learningRate: 0.01) }
      #expect(model.values == copy.values)
    }
  }

  @Test func aFileOfAnotherModelIsRefusedByName() throws {
    try withTemporaryDirectory { folder in
      try Transformer<Float>.tiny().save(directory: folder)
      var optimizer = AdamW(Transformer<Float>.tiny().layout, settings: .init())
      let path = folder + "/model.safetensors"
      #expect(
        throws: OptimizerError(
          path: path, message: "no number of updates (expected metadata step)")
      ) { try optimizer.load(path) }
      #expect(optimizer.step == 0)
    }
  }

  @Test func schedulesBeginAndEndWhereTheySay() {
    let linear = LearningRateSchedule(peak: 1, warmUpSteps: 4, steps: 14, finalShare: 0.2)
    #expect((0..<4).map { linear.rate(at: $0) } == [0.25, 0.5, 0.75, 1])
    expectClose(linear.rate(at: 9), 0.6, absolute: 1e-15)
    var cosine = linear
    cosine.decay = .cosine
    #expect(cosine.rate(at: 3) == 1)
    expectClose(cosine.rate(at: 9), 0.6, absolute: 1e-15)  // half way
    expectClose(cosine.rate(at: 14), 0.2, absolute: 1e-15)
    #expect(cosine.rate(at: 6) > linear.rate(at: 6))
    let constant = LearningRateSchedule(peak: 3e-4, warmUpSteps: 0, steps: 20, finalShare: 1)
    #expect((0..<20).allSatisfy { constant.rate(at: $0) == 3e-4 })
  }
}
