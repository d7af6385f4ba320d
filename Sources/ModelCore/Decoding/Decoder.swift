// Decoding with a key/value cache, many rollouts at a time.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers.
//
// One step runs one token of each of B rows through all layers, so every projection is one matrix
// product over the B rows. A matrix product may change a row's last bits when the number of rows
// changes. So a block always has B rows: a row whose response has ended starts another sequence or
// idles, and is never removed.
//
// A long prompt is read in one pass of its own, so what the caches then hold depends on the prompt
// alone. The caches have one row more, which keeps the last prompt for the next rows that have it too.

/// A block of rows that are decoded together.
public final class Decoder<Scalar: ModelScalar> {
  private let model: Transformer<Scalar>
  private let capacity: Int
  private let rows: BatchRows
  private let tables = RotaryTables<Scalar>()
  private let panels = WeightPanels<Scalar>()
  private let caches: Buffer<Scalar>  // for each operation (B + 1, cachePerPosition · capacity)
  private let memory: Buffer<Scalar>
  private let decoding: Pass
  private let logits: Matrix<Scalar>  // (B, V)
  /// Memory of passes over prompts up to a length.
  private var promptMemory = Buffer<Scalar>(count: 0)
  private var promptCapacity = 0
  /// The prompt in the caches' last row.
  private var lastPrompt: ArraySlice<Int32> = []

  /// What a pass over rows reads and writes.
  private struct Pass {
    let stream: Matrix<Scalar>  // (R, C), the residual stream
    let features: Matrix<Scalar>  // (R, C)
    /// The operations in order: those of all branches and the final norm.
    let calls: [Call]
  }

  private struct Call {
    let operation: any Operation
    /// What is copied before the operation: the stream, which parallel branches read and add to.
    var copy: (from: Matrix<Scalar>, to: Matrix<Scalar>)? = nil
    let site: Site<Scalar>
    let cache: DecodingCache<Scalar>
  }

  /// - Parameters:
  ///   - rows: B
  ///   - capacity: The longest sequence.
  public init(_ model: Transformer<Scalar>, rows count: Int, capacity: Int) {
    BLAS.useOneThread
    self.model = model
    let capacity = (capacity + cacheTile - 1) / cacheTile * cacheTile  // whole tiles
    self.capacity = capacity
    rows = BatchRows(
      positions: Array(repeating: 0, count: count), sequences: [], sides: [],
      positionCount: capacity)
    caches = Buffer(
      count: model.layout.network.layers.joined().joined().reduce(0) { $0 + $1.cachePerPosition }
        * (count + 1) * capacity)
    let vocabulary = model.configuration.vocabularySize
    memory = Buffer(
      count: Self.scalarCount(model, rows: count, capacity: capacity) + count * vocabulary
        + Arena<Scalar>.padding)
    var arena = Arena(memory.base)
    logits = arena.matrix(count, vocabulary)
    decoding = Self.pass(
      model, rows, count: count, capacity: capacity, parameters: model.view(panels), tables: tables,
      caches: caches.base,
      cachedRows: count + 1, in: arena)
  }

  /// Scalars of a pass over so many rows.
  private static func scalarCount(
    _ model: Transformer<Scalar>, rows count: Int, capacity: Int
  ) -> Int {
    let network = model.layout.network
    let hidden = model.configuration.hiddenSize
    let branches = Array(network.layers.joined())
    let inner = branches.map { $0.dropLast().reduce(0) { $0 + $1.outputWidth } }.max() ?? 0
    let notes = branches.joined().map(\.notesPerRow).max() ?? 0
    let pieces = (branches.map(\.count).max() ?? 0) + 6
    return count * ((network.isParallel ? 3 : 2) * hidden + inner + notes)
      + WorkspaceWidths(network, hidden: hidden).operation(
        network, longest: capacity, rows: count)
      + pieces * Arena<Scalar>.padding
  }

  private static func pass(
    _ model: Transformer<Scalar>, _ rows: BatchRows, count: Int, capacity: Int,
    parameters: ParameterView<Scalar>, tables: RotaryTables<Scalar>,
    caches: UnsafeMutablePointer<Scalar>, cachedRows: Int, in memory: Arena<Scalar>
  ) -> Pass {
    let network = model.layout.network
    let hidden = model.configuration.hiddenSize
    let branches = Array(network.layers.joined())
    var arena = memory
    let stream = arena.matrix(count, hidden)
    let features = arena.matrix(count, hidden)
    // What all branches of a layer read; otherwise each reads the sum of those before it.
    let layerInput = network.isParallel ? arena.matrix(count, hidden) : stream
    let notes = arena.take(count * (branches.joined().map(\.notesPerRow).max() ?? 0))
    let scratch = arena.take(
      WorkspaceWidths(network, hidden: hidden).operation(
        network, longest: capacity, rows: count))
    func site(_ input: Matrix<Scalar>, _ output: Matrix<Scalar>, beta: Scalar) -> Site<Scalar> {
      Site(
        parameters: parameters, rows: rows, tables: tables, input: input,
        output: output, beta: beta, notes: notes, scratch: scratch)
    }
    var calls: [Call] = []
    var cache = caches
    let starts = network.layers.flatMap { $0.indices.map { $0 == 0 } }
    for (branch, startsLayer) in zip(branches, starts) {
      // Branches run one after another, so they share the memory of their inner outputs.
      var free = arena
      var input = layerInput
      for (place, operation) in branch.enumerated() {
        let isLast = place == branch.count - 1
        let output = isLast ? stream : free.matrix(count, operation.outputWidth)
        calls.append(
          Call(
            operation: operation,
            copy: network.isParallel && startsLayer && place == 0 ? (stream, layerInput) : nil,
            site: site(input, output, beta: isLast ? 1 : 0),
            cache: DecodingCache(base: cache, capacity: capacity)))
        cache += operation.cachePerPosition * cachedRows * capacity
        input = output
      }
    }
    calls.append(
      Call(
        operation: network.finalNorm, site: site(stream, features, beta: 0),
        cache: DecodingCache(base: cache, capacity: capacity)))
    return Pass(stream: stream, features: features, calls: calls)
  }

  /// Fills a row's cache with the tokens of a prompt, which take the positions from 0, in one pass. The
  /// values depend on these tokens alone: not on the row, and not on what was read before.
  ///
  /// - Parameters:
  ///   - prompt: At least one token, at most the capacity.
  ///   - row: One of the B rows. The next step continues it at position `prompt.count`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func read(_ prompt: ArraySlice<Int32>, into row: Int) {
    let spare = rows.positions.count
    precondition((0..<spare).contains(row) && (1...capacity).contains(prompt.count))
    if prompt != lastPrompt {
      run(prompt, into: spare)
      lastPrompt = prompt
    }
    for call in decoding.calls where call.operation.cachePerPosition > 0 {
      let size = call.operation.cachePerPosition * capacity
      (call.cache.base + row * size).update(from: call.cache.base + spare * size, count: size)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func run(_ prompt: ArraySlice<Int32>, into row: Int) {
    let count = prompt.count
    if count > promptCapacity {
      promptMemory = Buffer(count: 0)  // freed before the larger one is made
      promptMemory = Buffer(count: Self.scalarCount(model, rows: count, capacity: capacity))
      promptCapacity = count
    }
    let rows = BatchRows(
      positions: (0..<count).map { Int32($0) }, sequences: [0..<count], sides: [0..<count],
      positionCount: capacity)
    let pass = Self.pass(
      model, rows, count: count, capacity: capacity, parameters: model.view(panels), tables: tables,
      caches: caches.base,
      cachedRows: self.rows.positions.count + 1, in: Arena(promptMemory.base))
    for (index, input) in model.layout.network.inputs.enumerated() {
      input.forward(
        model.view(panels), tokens: Array(prompt), positions: rows.positions,
        into: pass.stream, adds: index > 0)
    }
    // The caches need no final norm.
    for call in pass.calls.dropLast() {
      if let (source, target) = call.copy { Backend.copy(source, to: target) }
      call.operation.forward(call.site)
      call.operation.remember(call.site, cache: call.cache, row: row)
    }
  }

  /// Runs each row's token at its position through the model; rows without a token idle.
  ///
  /// - Returns: Logits (B, V), valid until the next step; those of idle rows have no meaning.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(tokens: [Int32?], positions: [Int]) -> Matrix<Scalar> {
    precondition(
      tokens.count == decoding.stream.rows && positions.count == tokens.count,
      "a token for each row")
    rows.active = tokens.map { $0 != nil }
    rows.positions = zip(tokens, positions).map { $0 == nil ? 0 : Int32($1) }
    let parameters = model.view(panels)
    for (index, input) in model.layout.network.inputs.enumerated() {
      input.forward(
        parameters, tokens: tokens.map { $0 ?? 0 }, positions: rows.positions,
        into: decoding.stream, adds: index > 0)
    }
    for call in decoding.calls {
      if let (source, target) = call.copy { Backend.copy(source, to: target) }
      call.operation.step(call.site, cache: call.cache)
    }
    model.layout.network.head.step(decoding.features, parameters, into: logits)
    return logits
  }
}
