// x⁰ = E[tokens], x⁰ += P[positions]: tables of which each row of the batch reads one row.

/// Looks up each row's token in a table (V, C), or its position in a table (positions, C).
struct Embedding: InputOperation {
  /// What tells which row of the table is read.
  enum Index {
    case token
    case position
  }

  let table: Weight
  let rowCount: Int  // V, or the longest sequence
  let width: Int  // C
  let index: Index
  /// What rows are multiplied by.
  let scale: Double

  init(table: Weight, rowCount: Int, width: Int, index: Index, scale: Double = 1) {
    self.table = table
    self.rowCount = rowCount
    self.width = width
    self.index = index
    self.scale = scale
  }

  private func indices(_ tokens: [Int32], _ positions: [Int32]) -> [Int32] {
    index == .token ? tokens : positions
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(
    _ parameters: ParameterView<Scalar>, tokens: [Int32], positions: [Int32],
    into x: Matrix<Scalar>, adds: Bool
  ) {
    let indices = indices(tokens, positions)
    precondition(
      index == .token || indices.allSatisfy { $0 < rowCount },
      "a sequence longer than the table of positions")
    precondition(!adds || scale == 1, "only the first embedding is scaled")
    parameters.gather(table, width: width, indices, to: x, adding: adds)
    if scale != 1 { Backend.scale(x, by: Scalar(scale)) }
  }

  /// A scaled embedding scales dx in place: nothing reads it after the embedding.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward<Scalar: ModelScalar>(
    tokens: [Int32], positions: [Int32], _ dx: Matrix<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    if scale != 1 { Backend.scale(dx, by: Scalar(scale)) }
    receiver.lookup(table.index, indices: indices(tokens, positions), outputGradient: dx)
  }
}
