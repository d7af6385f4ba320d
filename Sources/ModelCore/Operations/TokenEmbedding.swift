// x⁰ = E[tokens]

/// Looks up each row's token in a table (V, C).
struct TokenEmbedding: InputOperation {
  let table: Weight
  let rowCount: Int  // V
  let width: Int  // C

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward<Scalar: ModelScalar>(
    _ parameters: UnsafeMutablePointer<Scalar>, tokens: [Int32], positions: [Int32],
    into x: Matrix<Scalar>, adds: Bool
  ) {
    let table = parameters.matrix(table, rows: rowCount, columns: width)
    if adds {
      Backend.gatherAdding(table, tokens, to: x)
    } else {
      Backend.gather(table, tokens, into: x)
    }
  }

  func backward<Scalar: ModelScalar>(
    tokens: [Int32], positions: [Int32], _ dx: Matrix<Scalar>,
    into receiver: any GradientReceiver<Scalar>
  ) {
    receiver.lookup(table.index, indices: tokens, outputGradient: dx)
  }
}
