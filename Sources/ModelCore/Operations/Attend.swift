// Causal self-attention of prepared heads. Keeps y and each query's log-sum-exp, from which the
// backward recomputes the probabilities.

struct Attend: Operation {
  let shape: HeadShape
  /// How many positions a query sees, its own among them; nil for all earlier ones.
  let window: Int?
  /// Scores are c tanh(score / c); nil for scores as they are.
  let cap: Double?

  init(shape: HeadShape, window: Int? = nil, cap: Double? = nil) {
    self.shape = shape
    self.window = window
    self.cap = cap
  }

  var inputWidth: Int { shape.width }
  var outputWidth: Int { shape.queryWidth }
  var keepsOutput: Bool { true }
  var notesPerRow: Int { shape.headCount }
  var cachePerPosition: Int { 2 * shape.keyValueHeadCount * shape.headDimension }
  func scratchCount(longest: Int) -> Int { 2 * attentionTile * longest }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    Backend.attend(
      site.input, shape, window: window, cap: cap, sequences: site.rows.sequences,
      logSumExp: site.notes,
      scratch: site.scratch, into: site.output)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    Backend.attendBackward(
      site.input, shape, window: window, cap: cap, sequences: site.rows.sequences, out: site.output,
      dOut: gradient.output, logSumExp: site.notes, scratch: site.scratch, dHeads: gradient.input)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: ParameterView<Scalar>
  ) {
    Backend.attendTangent(
      site.input, tangent.input, shape, window: window, cap: cap, sequences: site.rows.sequences,
      logSumExp: site.notes,
      scratch: site.scratch, into: tangent.output)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func step<Scalar: ModelScalar>(_ site: Site<Scalar>, cache: DecodingCache<Scalar>) {
    Backend.attendToCache(
      site.input, shape, window: window, cap: cap, positions: site.rows.positions,
      active: site.rows.active,
      cache: cache.base, capacity: cache.capacity, scores: site.scratch, into: site.output)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func remember<Scalar: ModelScalar>(
    _ site: Site<Scalar>, cache: DecodingCache<Scalar>, row: Int
  ) {
    for position in 0..<site.input.rows {
      Backend.cacheHeads(
        site.input.row(position), shape, at: position,
        in: cache.base + row * cachePerPosition * cache.capacity, capacity: cache.capacity)
    }
  }
}
