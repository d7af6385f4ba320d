// Rollouts: responses sampled from π(· | prompt).
import KeyedRandom

/// A prompt to continue and the key of its random numbers.
///
/// Token t of the response is drawn with the first number of `key.derive(t)`, so a response depends
/// on its key and its prompt, and not on the other requests.
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
  /// False for a response that reached the token limit.
  public var ended: Bool
}

/// The settings of sampling, which is from the whole distribution, without top-k or top-p.
public struct SamplingOptions: Sendable {
  public var maximumNewTokens: Int
  /// The temperature: 1 samples from the model's distribution, 0 selects the most likely token.
  public var temperature: Double
  public var endTokens: [Int32]

  public init(maximumNewTokens: Int, temperature: Double = 1, endTokens: [Int32]) {
    self.maximumNewTokens = maximumNewTokens
    self.temperature = temperature
    self.endTokens = endTokens
  }
}

extension Transformer {
  /// The number of rows of a decoding block. It is a function of the model's shape only, since the
  /// bits of a response depend on it.
  public var samplingBlock: Int {
    let bytesPerPosition =
      configuration.layerCount * 2 * configuration.keyValueHeadCount * configuration.headDimension
      * MemoryLayout<Scalar>.stride
    // About 1 GiB of cache per thousand positions.
    return min(32, max(1, (1 << 20) / bytesPerPosition))
  }

  /// The number of requests in the stream that one block serves. A row whose response has ended
  /// takes the next request, so rows idle only at the end. An interruption stops at a multiple of
  /// this number.
  public var samplingStream: Int { 4 * samplingBlock }

  /// Prompts of fewer tokens are read token by token, beside the responses of other rows. The bits of
  /// published rollouts of the embedded task, whose prompts are shorter, rest on this number.
  private static var shortestPromptPass: Int { cacheTile }

  /// Samples a response to each request, stream by stream.
  ///
  /// The row of a request depends only on the requests before it in its stream. So a longer list of
  /// requests begins with the responses of a shorter one.
  /// - Parameters:
  ///   - first: The first request to answer, a multiple of `samplingStream`; those before it are left out.
  ///   - consume: Gets the responses in order, on the calling thread.
  /// - Throws: `NonFiniteError` with the request's index where a logit is not finite.
  /// - Returns: The first request that was not answered: the number of requests unless it was stopped.
  @discardableResult
  public func sample(
    _ requests: [SamplingRequest], from first: Int = 0, options: SamplingOptions, threads: Int,
    shouldStop: @escaping @Sendable () -> Bool = { false },
    consume: (Int, SampledResponse) throws -> Void
  ) throws -> Int {
    let size = samplingStream
    precondition(first % size == 0 || first == requests.count, "a stream has one beginning")
    let streams = (requests.count + size - 1) / size
    let done = try forEachInOrder(
      (first + size - 1) / size..<streams, threads: threads, shouldStop: shouldStop, makeWorker: {},
      body: { _, stream in
        try self.sampleStream(
          Array(requests[stream * size..<min((stream + 1) * size, requests.count)]), options,
          first: stream * size)
      },
      consume: { stream, responses in
        for (place, response) in responses.enumerated() {
          try consume(stream * size + place, response)
        }
      })
    return min(done * size, requests.count)
  }

  /// One stream: each row reads its request's prompt, then its own samples, and takes the next request
  /// when the response has ended.
  ///
  /// - Parameter first: The index of the first request, for errors.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package func sampleStream(
    _ requests: [SamplingRequest], _ options: SamplingOptions, first: Int = 0
  ) throws(NonFiniteError) -> [SampledResponse] {
    let rows = samplingBlock
    precondition(options.maximumNewTokens > 0)
    precondition(requests.allSatisfy { !$0.prompt.isEmpty }, "a prompt needs a token")
    let longest = requests.map(\.prompt.count).max() ?? 0
    let decoder = Decoder(self, rows: rows, capacity: longest + options.maximumNewTokens)
    var responses = requests.map { _ in SampledResponse(tokens: [], ended: false) }
    // The request of each row, its next token and that token's position; nil for an idle row.
    var request = (0..<rows).map { $0 < requests.count ? $0 : nil }
    var tokens: [Int32?] = Array(repeating: nil, count: rows)
    var positions = [Int](repeating: 0, count: rows)
    var waiting = rows..<max(rows, requests.count)
    // A long prompt but for its last token, which gives the first logits, is read in one pass.
    func start(_ row: Int) {
      guard let prompt = request[row].map({ requests[$0].prompt }) else { return }
      let first = prompt.count < Self.shortestPromptPass ? 0 : prompt.count - 1
      if first > 0 { decoder.read(prompt[..<first], into: row) }
      tokens[row] = prompt[first]
      positions[row] = first
    }
    for row in 0..<rows { start(row) }
    while request.contains(where: { $0 != nil }) {
      let logits = decoder.step(tokens: tokens, positions: positions)
      for row in 0..<rows {
        guard let current = request[row] else { continue }
        positions[row] += 1
        let prompt = requests[current].prompt
        if positions[row] < prompt.count {
          tokens[row] = prompt[positions[row]]
          continue
        }
        let index = responses[current].tokens.count
        var generator = requests[current].key.derive(UInt64(index)).generator()
        guard
          let place = Backend.draw(
            logits.row(row), count: logits.columns, temperature: options.temperature,
            uniform: generator.uniform())
        else {
          throw NonFiniteError("a logit of token \(index) of sample \(first + current)")
        }
        let token = Int32(place)
        responses[current].tokens.append(token)
        responses[current].ended = options.endTokens.contains(token)
        tokens[row] = token
        guard responses[current].ended || index + 1 == options.maximumNewTokens else { continue }
        request[row] = waiting.popFirst()
        tokens[row] = nil
        positions[row] = 0
        start(row)
      }
    }
    return responses
  }
}
