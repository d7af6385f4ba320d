// Where a backward pass delivers gradients, the moment each is complete.

/// Takes parameter gradients from a backward pass: sums them (training), multiplies them
/// (alignment).
///
/// A linear layer's gradient dW = dyᵀ x is delivered as its two factors, so that the receiver
/// chooses whether to form it. Rows of different sides (`PackedSequences.sides`) belong to different
/// gradients.
protocol GradientReceiver<Scalar> {
  associatedtype Scalar: ModelScalar

  /// Layers that read the same input x (R, K); dy (R, N) holds their output gradients side by side.
  mutating func linear(
    _ layers: ParameterLayout.FusedLinear, input x: Matrix<Scalar>,
    outputGradient dy: Matrix<Scalar>)

  /// A tile of the output head: f (M, C) over scored rows, dLogits (M, tile).
  mutating func head(
    vocabulary: Range<Int>, input f: Matrix<Scalar>, outputGradient dLogits: Matrix<Scalar>)

  /// A norm weight's gradient of one side, complete.
  mutating func vector(_ parameter: Int, side: Int, gradient: UnsafePointer<Scalar>)

  /// The rows of dx (R, C) belong to the embedding rows of `tokens`. Always the last call.
  mutating func embedding(tokens: [Int32], outputGradient dx: Matrix<Scalar>)
}
