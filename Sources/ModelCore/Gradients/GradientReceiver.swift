// Where a backward pass delivers gradients, the moment each is complete.

/// Takes parameter gradients from a backward pass: sums them (training), multiplies them
/// (alignment), writes them away.
///
/// The gradient of a weight matrix is delivered as its two factors dyᵀ x, so that the receiver chooses
/// whether to form it. Rows of different sides (`PackedSequences.sides`) belong to different gradients.
/// Parameters are indices into `ParameterLayout.parameters`. Matrices are valid during the call only.
public protocol GradientReceiver<Scalar>: AnyObject {
  associatedtype Scalar: ModelScalar

  /// The lowest layer whose gradients are needed, −1 for the input tables: the backward pass ends there.
  var lowestLayer: Int { get }

  /// Weights that lie one after another, as one matrix (N, K): its gradient is dyᵀ x, with a row of dy
  /// (R, N) and of x (R, K) for each row of the batch.
  ///
  /// A matrix that is stored transposed comes with dy and x in each other's place.
  func weights(_ parameters: [Int], outputGradient dy: Matrix<Scalar>, input x: Matrix<Scalar>)

  /// Weights that only some rows of the batch use, such as an expert's: dy (n, N) and x (n, K) have these
  /// rows alone, and `sides` says which of them are of which side, maybe none.
  ///
  /// Receivers that sum sides need not implement it.
  func weights(
    _ parameters: [Int], outputGradient dy: Matrix<Scalar>, input x: Matrix<Scalar>,
    sides: [Range<Int>])

  /// Vectors that lie one after another and are added to every row: their gradient is the sum of the
  /// rows of dy (R, N).
  func biases(_ parameters: [Int], outputGradient dy: Matrix<Scalar>)

  /// The gradient (1, N) of a vector from the rows of one side, complete. Side 0 comes first.
  func vector(_ parameter: Int, side: Int, gradient: Matrix<Scalar>)

  /// A tile of the output head's rows: f (M, C) over scored rows, dLogits (M, tile). Tiles come in
  /// order, before all else.
  func head(
    _ parameter: Int, rows: Range<Int>, outputGradient dLogits: Matrix<Scalar>,
    input f: Matrix<Scalar>)

  /// A table of which each row of the batch read one row: the rows of dx (R, C) belong to the rows
  /// `indices` of the table. Always last.
  func lookup(_ parameter: Int, indices: [Int32], outputGradient dx: Matrix<Scalar>)
}

extension GradientReceiver {
  public var lowestLayer: Int { -1 }

  public func weights(
    _ parameters: [Int], outputGradient dy: Matrix<Scalar>, input x: Matrix<Scalar>,
    sides: [Range<Int>]
  ) {
    weights(parameters, outputGradient: dy, input: x)
  }
}
