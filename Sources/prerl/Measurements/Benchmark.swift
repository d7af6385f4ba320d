// Rates of the expensive stages, compared with the rate of BLAS at the same shapes.
//
// Operations are counted as if every weight gradient were formed. A forward counts 2 operations per
// weight and row, plus attention's 2 T² H D per sequence and layer; a backward counts twice that. A
// method that avoids forming gradients (Gram products) therefore shows a higher rate for the same
// result.
import Foundation
import KeyedRandom
import ModelCore
import StrictJSON
import Tasks
import Training

/// Measures a model for a given number of threads.
struct Benchmark {
  /// One row of the table.
  struct Rate {
    let stage: String
    let threads: Int
    var samplesPerSecond: Double?
    var tokensPerSecond: Double?
    let gigaflops: Double
    /// The rate divided by that of `sgemm` at the shapes of this stage; nil for `sgemm` itself.
    var share: Double?

    var json: JSON {
      [
        "stage": .string(stage), "threads": .integer(threads),
        "samples_per_second": samplesPerSecond.map(JSON.real) ?? .null,
        "tokens_per_second": tokensPerSecond.map(JSON.real) ?? .null,
        "gflops": .real(gigaflops), "share_of_sgemm": share.map(JSON.real) ?? .null,
      ]
    }
  }

  let checkpoint: Checkpoint
  let model: Transformer<Float>
  let threads: Int
  /// The number of seconds for which each rate is measured.
  let seconds: Double
  private var shape: ModelConfiguration { model.configuration }
  private let examples: [ExampleSequences]

  init(
    _ checkpoint: Checkpoint, _ model: Transformer<Float>, _ examples: [ExampleSequences],
    threads: Int, seconds: Double
  ) {
    self.checkpoint = checkpoint
    self.model = model
    self.threads = threads
    self.seconds = seconds
    self.examples = examples
  }

  /// Measures every stage in turn; `begin` is called with the name of each.
  func run(begin: (String) -> Void) throws -> [Rate] {
    var rates: [Rate] = []
    func measure(_ name: String, _ stage: () throws -> Rate?) throws {
      begin(name)
      try Interruption.check()
      if let rate = try stage() { rates.append(rate) }
    }
    try measure("sgemm") { try square() }
    let pairRows = examples.reduce(0) { $0 + $1.pair.rowCount } / examples.count
    let pairScored = examples.reduce(0) { $0 + $1.pair.scoredCount } / examples.count
    try measure("sgemm") { try sgemm(rows: pairRows, scored: pairScored) }
    let pairLimit = rates.last?.gigaflops ?? .nan
    try measure("forward") { try forward(limit: pairLimit) }
    for method in [ProductMethod.auto, .gram, .materialized] {
      try measure("alignment") { try alignment(method, limit: pairLimit) }
    }
    let chunk = trainingChunk
    try measure("sgemm") { try sgemm(rows: chunk.rowCount, scored: chunk.scoredCount) }
    let chunkLimit = rates.last?.gigaflops ?? .nan
    try measure("gradient") { try gradient(chunk, limit: chunkLimit) }
    try measure("pretraining") { try pretraining(limit: chunkLimit) }
    try measure("sgemm") { try sgemm(rows: model.samplingBlock, scored: model.samplingBlock) }
    let blockLimit = rates.last?.gigaflops ?? .nan
    try measure("decoding") { try decoding(limit: blockLimit) }
    return rates
  }

  // MARK: - BLAS

  private func square() throws -> Rate {
    let product = MatrixProduct(m: 1024, n: 1024, k: 1024)
    return try products("sgemm 1024 x 1024 x 1024", [(product, 1)])
  }

  private func sgemm(rows: Int, scored: Int) throws -> Rate {
    try products(
      "sgemm, the model's, \(rows) rows",
      MatrixProduct.forward(shape, rows: rows, scored: scored))
  }

  private func products(
    _ name: String, _ list: [(product: MatrixProduct, times: Int)]
  ) throws -> Rate {
    let operations = list.reduce(0) { $0 + $1.product.operations * Double($1.times) }
    let rate = try rate(
      makeWorker: {
        list.map { entry in
          let product = entry.product
          return (
            [Float](repeating: 0.5, count: product.m * product.k),
            [Float](repeating: 0.25, count: product.k * product.n),
            [Float](repeating: 0, count: product.m * product.n)
          )
        }
      },
      body: { operands, _ in
        for (index, entry) in list.enumerated() {
          for _ in 0..<entry.times {
            entry.product.multiply(
              operands[index].0, operands[index].1, into: &operands[index].2)
          }
        }
      })
    return Rate(stage: name, threads: threads, gigaflops: rate * operations / 1e9)
  }

  // MARK: - Alignment

  private func forward(limit: Double) throws -> Rate {
    let (examples, model) = (examples, model)
    let rate = try rate(
      makeWorker: { Workspace(model) },
      body: { workspace, index in _ = workspace.score(examples[index % examples.count].pair) })
    return perSample("forward, both objectives", rate, limit: limit, passes: 1)
  }

  private func alignment(_ method: ProductMethod, limit: Double) throws -> Rate {
    let (examples, model) = (examples, model)
    let rate = try rate(
      makeWorker: { Workspace(model) },
      body: { workspace, index in
        let example = examples[index % examples.count]
        _ = workspace.score(example.pair)
        let count = example.marginal.scoredCount
        _ = workspace.gradientProducts(
          coefficients: Array(repeating: 1 / Float(count), count: 2 * count), method: method)
      })
    return perSample("alignment, \(method.rawValue)", rate, limit: limit, passes: 3)
  }

  private func perSample(_ stage: String, _ rate: Double, limit: Double, passes: Double) -> Rate {
    let operations = examples.reduce(0) { $0 + self.operations($1.pair) } / Double(examples.count)
    let tokens = examples.reduce(0) { $0 + $1.response.count }
    let gigaflops = rate * passes * operations / 1e9
    return Rate(
      stage: stage, threads: threads, samplesPerSecond: rate,
      tokensPerSecond: rate * Double(tokens) / Double(examples.count), gigaflops: gigaflops,
      share: gigaflops / limit)
  }

  // MARK: - Training

  /// The number of rows of a chunk in the pretraining experiment.
  private var trainingChunk: PackedSequences {
    var packed = PackedSequences()
    for example in examples
    where packed.rowCount == 0 || packed.rowCount + example.conditional.rowCount <= 512 {
      packed.append(example.conditional)
    }
    return packed
  }

  private func gradient(_ chunk: PackedSequences, limit: Double) throws -> Rate {
    let model = model
    let coefficients = [Float](
      repeating: 1 / Float(chunk.scoredCount), count: chunk.scoredCount)
    let rate = try rate(
      makeWorker: { GradientWorker(model) },
      body: { worker, _ in
        _ = worker.workspace.score(chunk)
        worker.workspace.accumulateGradient(coefficients: coefficients, into: &worker.gradient)
      })
    let gigaflops = rate * 3 * operations(chunk) / 1e9
    return Rate(
      stage: "gradient of a batch", threads: threads,
      samplesPerSecond: rate * Double(chunk.sequenceCount),
      tokensPerSecond: rate * Double(chunk.rowCount), gigaflops: gigaflops,
      share: gigaflops / limit)
  }

  private final class GradientWorker {
    let workspace: Workspace<Float>
    var gradient: GradientBuffer<Float>
    init(_ model: Transformer<Float>) {
      workspace = Workspace(model)
      gradient = GradientBuffer(model.layout)
    }
  }

  /// Full updates of a model of this shape; only the embedded task can be pretrained.
  private func pretraining(limit: Double) throws -> Rate? {
    guard checkpoint.isCountdown else { return nil }
    var reader = try JSONReader(pretrainingConfiguration)
    let pretraining = Pretraining(
      try PretrainingConfiguration(reading: &reader), threads: threads)
    _ = try pretraining.advance()
    var tokens = 0
    var updates = 0
    let clock = ContinuousClock.now
    var elapsed = 0.0
    while elapsed < seconds {
      tokens += try pretraining.advance().tokenCount
      updates += 1
      elapsed = (ContinuousClock.now - clock) / .seconds(1)
      try Interruption.check()
    }
    // Attention in documents of 30 tokens is less than a hundredth of the total.
    let perToken = 3 * operations(MatrixProduct.forward(shape, rows: 1, scored: 1))
    let gigaflops = Double(tokens) * perToken / elapsed / 1e9
    return Rate(
      stage: "pretraining, updates of 16 rows", threads: threads,
      samplesPerSecond: Double(16 * updates) / elapsed, tokensPerSecond: Double(tokens) / elapsed,
      gigaflops: gigaflops, share: gigaflops / limit)
  }

  /// The settings of the pretraining experiment for a model of this shape.
  private var pretrainingConfiguration: JSON {
    [
      "seed": 0,
      "model": [
        "hidden_size": .integer(shape.hiddenSize),
        "intermediate_size": .integer(shape.feedForwardSize),
        "num_hidden_layers": .integer(shape.layerCount),
        "num_attention_heads": .integer(shape.headCount),
        "num_key_value_heads": .integer(shape.keyValueHeadCount),
        "head_dim": .integer(shape.headDimension), "rms_norm_eps": .real(shape.normEpsilon),
        "rope_theta": .real(shape.ropeTheta),
        "max_position_embeddings": .integer(max(128, shape.maximumPositions)),
      ],
      "steps": 1_000_000, "rows_per_step": 16, "row_length": 128, "rows_per_chunk": 4,
      "optimizer": [
        "learning_rate": 0.002, "warmup_steps": 100, "final_learning_rate_share": 1, "beta1": 0.9,
        "beta2": 0.95, "epsilon": 1e-8, "weight_decay": 0.1, "max_grad_norm": 1,
      ],
    ]
  }

  // MARK: - Decoding

  private func decoding(limit: Double) throws -> Rate {
    let block = model.samplingBlock
    let key = RandomKey(seed: 0).derive("bench")
    let room = max(
      1, min(CountdownVariant.three.maximumResponseLength, shape.maximumPositions - promptLength))
    let options = SamplingOptions(
      maximumNewTokens: room, endTokens: shape.eosTokens.map { Int32($0) })
    var samples = 0
    var tokens = 0
    var steps = 0
    let clock = ContinuousClock.now
    var elapsed = 0.0
    while elapsed < seconds {
      let requests = (0..<model.samplingStream * threads).map { index in
        SamplingRequest(
          prompt: examples[index % examples.count].prompt,
          key: key.derive(UInt64(samples + index)))
      }
      try model.sample(
        requests, options: options, threads: threads,
        shouldStop: { Interruption.isRequested },
        consume: { index, response in
          samples += 1
          tokens += response.tokens.count
          steps += requests[index].prompt.count + response.tokens.count - 1
        })
      try Interruption.check()
      elapsed = (ContinuousClock.now - clock) / .seconds(1)
    }
    let perStep = operations(MatrixProduct.forward(shape, rows: 1, scored: 1))
    let gigaflops = Double(steps) * perStep / elapsed / 1e9
    return Rate(
      stage: "decoding, blocks of \(block)", threads: threads,
      samplesPerSecond: Double(samples) / elapsed, tokensPerSecond: Double(tokens) / elapsed,
      gigaflops: gigaflops, share: gigaflops / limit)
  }

  private var promptLength: Int { examples.map(\.prompt.count).max() ?? 0 }

  // MARK: - Counting and timing

  private func operations(_ list: [(product: MatrixProduct, times: Int)]) -> Double {
    list.reduce(0) { $0 + $1.product.operations * Double($1.times) }
  }

  /// Operations of a forward pass.
  private func operations(_ batch: PackedSequences) -> Double {
    let attention = zip(batch.sequenceStarts, batch.sequenceStarts.dropFirst()).reduce(0.0) {
      let length = Double($1.1 - $1.0)
      return $0 + 2 * length * length * Double(shape.headCount * shape.headDimension)
    }
    return operations(
      MatrixProduct.forward(shape, rows: batch.rowCount, scored: batch.scoredCount))
      + Double(shape.layerCount) * attention
  }

  /// Calls of `body` per second, on all threads together; the first call of each worker is a
  /// warm-up.
  private func rate<Worker>(
    makeWorker: @escaping @Sendable () throws -> Worker,
    body: @escaping @Sendable (inout Worker, Int) throws -> Void
  ) throws -> Double {
    _ = BLAS.core  // sets BLAS to one thread
    let clock = ContinuousClock.now
    try forEachInOrder(
      0..<1, threads: 1, makeWorker: makeWorker, body: body, consume: { _, _ in })
    let once = (ContinuousClock.now - clock) / .seconds(1)
    // Estimates the number of calls from the first one, then measures.
    var count = max(threads, Int(0.1 * seconds / once))
    var elapsed = 0.0
    while true {
      let start = ContinuousClock.now
      try forEachInOrder(
        0..<count, threads: threads, shouldStop: { Interruption.isRequested },
        makeWorker: makeWorker, body: body, consume: { _, _ in })
      elapsed = (ContinuousClock.now - start) / .seconds(1)
      try Interruption.check()
      if elapsed >= 0.5 * seconds { return Double(count) / elapsed }
      count = max(count + threads, Int(Double(count) * min(20, seconds / elapsed)))
    }
  }
}
