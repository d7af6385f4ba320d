// Decoding with a key/value cache, many rollouts at a time.
//
// B samples, T positions, C hidden size, H query heads, G key/value heads, D head dimension,
// F MLP size, V vocabulary, L layers.
//
// One step runs one token of each of B rows through all layers, so every projection is one matrix
// product over the B rows. A matrix product may change a row's last bits when the number of rows
// changes. So a block always has B rows: a row whose response has ended starts another sequence or
// idles, and is never removed.

/// A block of rows that are decoded together.
public final class Decoder<Scalar: ModelScalar> {
  private let model: Transformer<Scalar>
  private let rows: BatchRows
  private let x: Matrix<Scalar>  // (B, C), the residual stream
  private let logits: Matrix<Scalar>  // (B, V)
  private let memory: Buffer<Scalar>
  private let caches: Buffer<Scalar>
  /// The operations of a step, in order: those of all branches and the final norm.
  private let calls: [Call]
  private let features: Matrix<Scalar>  // (B, C)

  private struct Call {
    let operation: any Operation
    let site: Site<Scalar>
    let cache: DecodingCache<Scalar>
  }

  /// - Parameters:
  ///   - rows: B
  ///   - capacity: The longest sequence.
  public init(_ model: Transformer<Scalar>, rows count: Int, capacity: Int) {
    BLAS.useOneThread
    self.model = model
    let network = model.layout.network
    let hidden = model.configuration.hiddenSize
    let capacity = (capacity + cacheTile - 1) / cacheTile * cacheTile  // whole tiles
    rows = BatchRows(
      positions: Array(repeating: 0, count: count), sequences: [], sides: [],
      positionCount: capacity)

    let branches = Array(network.layers.joined())
    caches = Buffer(
      count: branches.joined().reduce(0) { $0 + $1.cachePerPosition } * count * capacity)
    // Branches run one after another, so they share the memory of their inner outputs.
    let inner = branches.map { $0.dropLast().reduce(0) { $0 + $1.outputWidth } }.max() ?? 0
    let pieces = (branches.map(\.count).max() ?? 0) + 5
    let scratchCount = WorkspaceWidths(network, hidden: hidden).operation(
      network, longest: capacity)
    memory = Buffer(
      count: count * (2 * hidden + inner + model.configuration.vocabularySize) + scratchCount
        + pieces * Arena<Scalar>.padding)
    var arena = Arena(memory.base)
    let stream = arena.matrix(count, hidden)
    let features = arena.matrix(count, hidden)
    logits = arena.matrix(count, model.configuration.vocabularySize)
    let scratch = arena.take(scratchCount)
    let tables = RotaryTables<Scalar>()
    let rows = rows
    func site(_ input: Matrix<Scalar>, _ output: Matrix<Scalar>, beta: Scalar) -> Site<Scalar> {
      Site(
        parameters: model.parameters.base, rows: rows, tables: tables, input: input,
        output: output, beta: beta, notes: scratch, scratch: scratch)
    }
    var calls: [Call] = []
    var cache = caches.base
    for branch in branches {
      var free = arena
      var input = stream
      for (place, operation) in branch.enumerated() {
        let isLast = place == branch.count - 1
        let output = isLast ? stream : free.matrix(count, operation.outputWidth)
        calls.append(
          Call(
            operation: operation, site: site(input, output, beta: isLast ? 1 : 0),
            cache: DecodingCache(base: cache, capacity: capacity)))
        cache += operation.cachePerPosition * count * capacity
        input = output
      }
    }
    calls.append(
      Call(
        operation: network.finalNorm, site: site(stream, features, beta: 0),
        cache: DecodingCache(base: cache, capacity: capacity)))
    x = stream
    self.features = features
    self.calls = calls
  }

  /// Runs each row's token at its position through the model; rows without a token idle.
  ///
  /// - Returns: Logits (B, V), valid until the next step; those of idle rows have no meaning.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(tokens: [Int32?], positions: [Int]) -> Matrix<Scalar> {
    precondition(tokens.count == x.rows && positions.count == x.rows, "a token for each row")
    rows.active = tokens.map { $0 != nil }
    rows.positions = zip(tokens, positions).map { $0 == nil ? 0 : Int32($1) }
    let parameters = model.parameters.base
    for (index, input) in model.layout.network.inputs.enumerated() {
      input.forward(
        parameters, tokens: tokens.map { $0 ?? 0 }, positions: rows.positions, into: x,
        adds: index > 0)
    }
    for call in calls { call.operation.step(call.site, cache: call.cache) }
    model.layout.network.head.step(features, parameters, into: logits)
    return logits
  }
}
