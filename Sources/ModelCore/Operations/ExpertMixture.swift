// y = Σ_e w_e · E_e(x): a mixture of gated MLPs, of which each row uses a few. A router gives every expert a probability; the
// k likeliest are used, with their probabilities as weights. The choice is piecewise constant, so gradients go through
// the weights of the chosen ones (Shazeer et al., 1701.06538; transformers' Qwen3MoeSparseMoeBlock).
//
// R rows, C width, E experts, k of them a row, F inner width of an expert; n rows of one expert.

/// The experts of a layer and their router.
struct ExpertMixture: Operation {
  /// One gated MLP: W_down (a(W_gate x) ∘ W_up x). Gate and up lie one after the other.
  struct Expert: Sendable {
    let gate: Weight  // (F, C)
    let up: Weight  // (F, C)
    let down: Weight  // (C, F)
  }

  let router: Weight  // (E, C)
  let experts: [Expert]
  let chosenCount: Int  // k
  /// Whether the weights of the chosen experts are divided by their sum.
  let normalizesWeights: Bool
  let width: Int  // C
  let inner: Int  // F
  let activation: GLU.Activation

  var inputWidth: Int { width }
  var outputWidth: Int { width }
  var keepsOutput: Bool { true }
  var notesPerRow: Int { experts.count + chosenCount * (2 + 2 * inner) }

  /// Every row may be the same expert's: the backward has its input, gradients and inner values, and those of the
  /// routing.
  var scratchPerRow: Int { 3 * width + 4 * inner + chosenCount + experts.count }
  func scratchCount(longest: Int) -> Int { 8 * 16 }

  /// What the forward stores.
  private struct Notes<Scalar: ModelScalar> {
    let probabilities: Matrix<Scalar>  // (R, E)
    /// Indices of the chosen experts. (R, k)
    let chosen: Matrix<Scalar>
    let weights: Matrix<Scalar>  // (R, k)
    /// Gates and ups of all rows of the first expert, then of the next. (R · k, 2F)
    let gateUp: Matrix<Scalar>
  }

  private func notes<Scalar: ModelScalar>(_ site: Site<Scalar>) -> Notes<Scalar> {
    let rows = site.input.rows
    let chosen = site.notes + rows * experts.count
    return Notes(
      probabilities: Matrix(site.notes, rows: rows, columns: experts.count),
      chosen: Matrix(chosen, rows: rows, columns: chosenCount),
      weights: Matrix(chosen + rows * chosenCount, rows: rows, columns: chosenCount),
      gateUp: Matrix(
        chosen + 2 * rows * chosenCount, rows: rows * chosenCount, columns: 2 * inner))
  }

  /// The rows that use an expert, in order.
  private struct Assignment {
    let expert: Expert
    var rows: [Int32] = []
    /// For each of the rows, which of its k experts this one is.
    var places: [Int] = []
    /// The rows of `Notes.gateUp`.
    var stored: Range<Int> = 0..<0

    /// Those of a range of rows.
    func range(of side: Range<Int>) -> Range<Int> {
      let first = rows.firstIndex { Int($0) >= side.lowerBound } ?? rows.count
      let end = rows.firstIndex { Int($0) >= side.upperBound } ?? rows.count
      return first..<end
    }

    /// What a matrix (R, k) has for these rows.
    func values<Scalar: ModelScalar>(of matrix: Matrix<Scalar>) -> [Scalar] {
      zip(rows, places).map { matrix.row(Int($0))[$1] }
    }
  }

  /// Those of all experts that are used.
  private func assignments<Scalar: ModelScalar>(_ chosen: Matrix<Scalar>) -> [Assignment] {
    var all = experts.map { Assignment(expert: $0) }
    for row in 0..<chosen.rows {
      for place in 0..<chosen.columns {
        let expert = Int(chosen.row(row)[place])
        all[expert].rows.append(Int32(row))
        all[expert].places.append(place)
      }
    }
    var start = 0
    for expert in all.indices {
      all[expert].stored = start..<start + all[expert].rows.count
      start = all[expert].stored.upperBound
    }
    return all.filter { !$0.rows.isEmpty }
  }

  private func routerMatrix<Scalar: ModelScalar>(
    _ parameters: ParameterView<Scalar>
  ) -> Matrix<Scalar> {
    parameters.matrix(router, rows: experts.count, columns: width)
  }

  private func matrices<Scalar: ModelScalar>(
    _ expert: Expert, _ parameters: ParameterView<Scalar>
  ) -> (gateUp: Matrix<Scalar>, down: Matrix<Scalar>) {
    (
      parameters.matrix(expert.gate, rows: 2 * inner, columns: width),
      parameters.matrix(expert.down, rows: width, columns: inner, panel: 1)
    )
  }

  /// Calls `body` with each used expert's rows and with memory for that many rows of some widths.
  private func forEachExpert<Scalar: ModelScalar>(
    _ chosen: Matrix<Scalar>, widths: [Int], in memory: Arena<Scalar>,
    _ body: (Assignment, [Matrix<Scalar>]) -> Void
  ) {
    for assignment in assignments(chosen) {
      var arena = memory
      body(assignment, widths.map { arena.matrix(assignment.rows.count, $0) })
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(_ site: Site<Scalar>) {
    let notes = notes(site)
    Backend.multiply(
      site.input, transposed: routerMatrix(site.parameters), into: notes.probabilities)
    Backend.route(
      notes.probabilities, normalizing: normalizesWeights, chosen: notes.chosen,
      weights: notes.weights)
    if site.beta == 0 { Backend.clear(site.output) }
    forEachExpert(notes.chosen, widths: [width, inner, width], in: Arena(site.scratch)) {
      own, memory in
      let (x, h, y) = (memory[0], memory[1], memory[2])
      let (gateUp, down) = matrices(own.expert, site.parameters)
      let stored = notes.gateUp.rows(own.stored)
      Backend.gather(site.input, own.rows, into: x)
      Backend.multiply(x, transposed: gateUp, into: stored)
      activation.forward(stored, into: h)
      Backend.multiply(h, transposed: down, into: y)
      Backend.scaleRows(y, by: own.values(of: notes.weights))
      Backend.scatterAdding(y, own.rows, to: site.output)
    }
  }

  func restore<Scalar: ModelScalar>(_ site: Site<Scalar>) {}

  /// Also hands over the parameters' gradients, since x is in place: a norm before it restores it.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ gradient: Derivative<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    let notes = notes(site)
    let rows = site.input.rows
    var arena = Arena(site.scratch)
    let dWeights = arena.matrix(rows, chosenCount)
    let dLogits = arena.matrix(rows, experts.count)
    if gradient.beta == 0 { Backend.clear(gradient.input) }
    let widths = [width, width, inner, inner, 2 * inner, width]
    forEachExpert(notes.chosen, widths: widths, in: arena) { own, memory in
      let (x, dy, h, dh, dGateUp, dx) =
        (memory[0], memory[1], memory[2], memory[3], memory[4], memory[5])
      let (gateUp, down) = matrices(own.expert, site.parameters)
      let stored = notes.gateUp.rows(own.stored)
      let weights = own.values(of: notes.weights)
      Backend.gather(site.input, own.rows, into: x)
      Backend.gather(gradient.output, own.rows, into: dy)
      // The expert's own output is not needed: dw = dy · (W_down h) = (W_downᵀ dy) · h.
      Backend.multiply(dy, down, into: dh)
      activation.forward(stored, into: h)
      for (index, (row, place)) in zip(own.rows, own.places).enumerated() {
        dWeights.row(Int(row))[place] = Scalar(
          wideDot(dh.row(index), h.row(index), count: inner))
      }
      Backend.scaleRows(dh, by: weights)
      Backend.scaleRows(dy, by: weights)
      activation.backward(stored, dh: dh, h: h, dGateUp: dGateUp)
      let sides = site.rows.sides.map(own.range)
      receiver.weights([own.expert.down.index], outputGradient: dy, input: h, sides: sides)
      receiver.weights(
        [own.expert.gate.index, own.expert.up.index], outputGradient: dGateUp, input: x,
        sides: sides)
      Backend.multiply(dGateUp, gateUp, into: dx)
      Backend.scatterAdding(dx, own.rows, to: gradient.input)
    }
    Backend.routeBackward(
      notes.probabilities, normalizing: normalizesWeights, chosen: notes.chosen,
      weights: notes.weights, dWeights: dWeights, dLogits: dLogits)
    receiver.weights(
      [router.index], outputGradient: dLogits, input: site.input, sides: site.rows.sides)
    Backend.multiply(dLogits, routerMatrix(site.parameters), into: gradient.input, beta: 1)
  }

  /// ẏ = Σ_e W_down (w_e ḣ + ẇ_e h) + Ẇ_down w_e h
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func tangent<Scalar: ModelScalar>(
    _ site: Site<Scalar>, _ tangent: Derivative<Scalar>,
    along direction: ParameterView<Scalar>
  ) {
    let notes = notes(site)
    let rows = site.input.rows
    var arena = Arena(site.scratch)
    let dWeights = arena.matrix(rows, chosenCount)
    let dLogits = arena.matrix(rows, experts.count)
    Backend.multiply(tangent.input, transposed: routerMatrix(site.parameters), into: dLogits)
    Backend.multiply(site.input, transposed: routerMatrix(direction), into: dLogits, beta: 1)
    Backend.routeTangent(
      notes.probabilities, normalizing: normalizesWeights, chosen: notes.chosen,
      weights: notes.weights, dLogits: dLogits, dWeights: dWeights)
    if tangent.beta == 0 { Backend.clear(tangent.output) }
    forEachExpert(
      notes.chosen, widths: [width, 2 * inner, inner, inner, width], in: arena
    ) { own, memory in
      let (x, dGateUp, h, dh, y) = (memory[0], memory[1], memory[2], memory[3], memory[4])
      let (gateUp, down) = matrices(own.expert, site.parameters)
      let (gateUpDirection, downDirection) = matrices(own.expert, direction)
      let stored = notes.gateUp.rows(own.stored)
      Backend.gather(tangent.input, own.rows, into: x)
      Backend.multiply(x, transposed: gateUp, into: dGateUp)
      Backend.gather(site.input, own.rows, into: x)
      Backend.multiply(x, transposed: gateUpDirection, into: dGateUp, beta: 1)
      activation.forward(stored, into: h)
      activation.tangent(stored, dGateUp, into: dh)
      Backend.scaleRows(dh, by: own.values(of: notes.weights))
      Backend.addRows(h, by: own.values(of: dWeights), to: dh)
      Backend.scaleRows(h, by: own.values(of: notes.weights))
      Backend.multiply(dh, transposed: down, into: y)
      Backend.multiply(h, transposed: downDirection, into: y, beta: 1)
      Backend.scatterAdding(y, own.rows, to: tangent.output)
    }
  }

  /// One row after another. How many rows an expert has depends on all rows of the batch, and a product may give a row other
  /// bits with other rows beside it.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func step<Scalar: ModelScalar>(_ site: Site<Scalar>, cache: DecodingCache<Scalar>) {
    for row in 0..<site.input.rows where site.rows.active[row] {
      forward(
        Site(
          parameters: site.parameters, rows: site.rows, tables: site.tables,
          input: site.input.rows(row..<row + 1), output: site.output.rows(row..<row + 1),
          beta: site.beta, notes: site.notes, scratch: site.scratch))
    }
  }
}
