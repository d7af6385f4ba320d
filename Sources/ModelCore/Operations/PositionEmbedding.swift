// x⁰ += P[positions]: learned positions.

/// Looks up each row's position in a table (positions, C).
struct PositionEmbedding: InputOperation {
  let table: Weight
  let rowCount: Int  // the longest sequence
  let width: Int  // C

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(
    _ parameters: UnsafeMutablePointer<Scalar>, tokens: [Int32], positions: [Int32],
    into x: Matrix<Scalar>, adds: Bool
  ) {
    precondition(
      positions.allSatisfy { $0 < rowCount }, "a sequence longer than the table of positions")
    let table = parameters.matrix(table, rows: rowCount, columns: width)
    if adds {
      Backend.gatherAdding(table, positions, to: x)
    } else {
      Backend.gather(table, positions, into: x)
    }
  }

  func backward<Scalar: ModelScalar>(
    tokens: [Int32], positions: [Int32], _ dx: Matrix<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    receiver.lookup(table.index, indices: positions, outputGradient: dx)
  }
}
