// Rollouts: responses sampled from π(· | prompt).
import KeyedRandom

/// A prompt to continue and the key of its random numbers.
///
/// Token t of the response is drawn with the first number of `key.derive(t)`, so a response depends
/// on its key and its prompt, not on what else is sampled.
public struct SamplingRequest: Sendable {
  public var prompt: [Int32]
  public var key: RandomKey

  public init(prompt: [Int32], key: RandomKey) {
    self.prompt = prompt
    self.key = key
  }
}

/// A sampled response.
public struct SampledResponse: Sendable, Hashable {
  /// The tokens; the last one is an end token if `ended`.
  public var tokens: [Int32]
  /// False for a response that ran out of room.
  public var ended: Bool
}

/// How responses are sampled: from the whole distribution, without top-k or top-p.
public struct SamplingOptions: Sendable {
  public var maximumNewTokens: Int
  /// 1 samples the model's own distribution, 0 takes the likeliest token.
  public var temperature: Double
  public var endTokens: [Int32]

  public init(maximumNewTokens: Int, temperature: Double = 1, endTokens: [Int32]) {
    self.maximumNewTokens = maximumNewTokens
    self.temperature = temperature
    self.endTokens = endTokens
  }
}

extension Transformer {
  /// Rows of a decoding block: a function of the model's shape alone, since the bits of a response
  /// depend on it. Shards and interruptions cut at multiples of it.
  public var samplingBlock: Int {
    let bytesPerPosition =
      configuration.layerCount * 2 * configuration.keyValueHeadCount * configuration.headDimension
      * MemoryLayout<Scalar>.stride
    // About a GiB of cache for a thousand positions.
    return min(64, max(1, (1 << 20) / bytesPerPosition))
  }

  /// Samples a response to each request, block by block.
  ///
  /// - Parameters:
  ///   - requests: Request i is row i mod `samplingBlock` of its block.
  ///   - consume: Gets the responses in order, on the calling thread.
  /// - Returns: The number of responses consumed; fewer than requests only if it was stopped.
  @discardableResult
  public func sample(
    _ requests: [SamplingRequest], options: SamplingOptions, threads: Int,
    shouldStop: @escaping @Sendable () -> Bool = { false },
    consume: (Int, SampledResponse) throws -> Void
  ) throws -> Int {
    let size = samplingBlock
    let blocks = (requests.count + size - 1) / size
    let done = try forEachInOrder(
      0..<blocks, threads: threads, shouldStop: shouldStop, makeWorker: {},
      body: { _, block in
        self.sampleBlock(
          Array(requests[block * size..<min((block + 1) * size, requests.count)]), options)
      },
      consume: { block, responses in
        for (row, response) in responses.enumerated() { try consume(block * size + row, response) }
      })
    return min(done * size, requests.count)
  }

  /// One block: each row reads its prompt token by token, then its own samples, until all ended.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func sampleBlock(
    _ requests: [SamplingRequest], _ options: SamplingOptions
  ) -> [SampledResponse] {
    let rows = samplingBlock
    precondition(requests.count <= rows && options.maximumNewTokens > 0)
    precondition(requests.allSatisfy { !$0.prompt.isEmpty }, "a prompt needs a token")
    let longest = requests.map(\.prompt.count).max() ?? 0
    let decoder = Decoder(self, rows: rows, capacity: longest + options.maximumNewTokens)
    var responses = requests.map { _ in SampledResponse(tokens: [], ended: false) }
    var tokens: [Int32?] = (0..<rows).map { $0 < requests.count ? requests[$0].prompt[0] : nil }
    var position = 0
    while tokens.contains(where: { $0 != nil }) {
      let logits = decoder.step(
        tokens: tokens, positions: Array(repeating: position, count: rows))
      position += 1
      for (row, request) in requests.enumerated() where tokens[row] != nil {
        if position < request.prompt.count {
          tokens[row] = request.prompt[position]
          continue
        }
        let index = responses[row].tokens.count
        var generator = request.key.derive(UInt64(index)).generator()
        let token = Int32(
          draw(
            logits.row(row), count: logits.columns, temperature: options.temperature,
            uniform: generator.uniform()))
        responses[row].tokens.append(token)
        responses[row].ended = options.endTokens.contains(token)
        let over = responses[row].ended || index + 1 == options.maximumNewTokens
        tokens[row] = over ? nil : token
      }
    }
    return responses
  }

  /// The token at quantile `uniform` of softmax(logits / temperature); overwrites the logits.
  private func draw(
    _ logits: UnsafeMutablePointer<Scalar>, count: Int, temperature: Double, uniform: Double
  ) -> Int {
    let maximum = rowMaximum(logits, count: count)
    var last = 0
    if temperature == 0 {
      for token in 0..<count where logits[token] == maximum { return token }
    }
    let inverse = Scalar(1 / temperature)
    for token in 0..<count { logits[token] = (logits[token] - maximum) * inverse }
    let threshold = uniform * Double(Scalar.exponentiate(logits, count: count, shift: 0))
    var sum = 0.0
    for token in 0..<count where logits[token] > 0 {
      sum += Double(logits[token])
      last = token
      if sum > threshold { return token }
    }
    return last  // the running sum fell short of the total by rounding
  }
}
