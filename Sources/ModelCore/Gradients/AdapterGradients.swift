// The gradients of an adapter's factors alone.

/// Passes on what belongs to parameters from an index on.
final class AdapterGradients<Scalar: ModelScalar>: GradientReceiver {
  private let receiver: any GradientReceiver<Scalar>
  private let first: Int

  init(_ receiver: any GradientReceiver<Scalar>, from first: Int) {
    self.receiver = receiver
    self.first = first
  }

  var lowestLayer: Int { max(0, receiver.lowestLayer) }

  func weights(_ parameters: [Int], outputGradient dy: Matrix<Scalar>, input x: Matrix<Scalar>) {
    guard parameters[0] >= first else { return }
    receiver.weights(parameters, outputGradient: dy, input: x)
  }

  func weights(
    _ parameters: [Int], outputGradient dy: Matrix<Scalar>, input x: Matrix<Scalar>,
    sides: [Range<Int>]
  ) {
    guard parameters[0] >= first else { return }
    receiver.weights(parameters, outputGradient: dy, input: x, sides: sides)
  }

  // Adapters have matrices only.
  func biases(_ parameters: [Int], outputGradient dy: Matrix<Scalar>) {}
  func vector(_ parameter: Int, side: Int, gradient: Matrix<Scalar>) {}
  func head(
    _ parameter: Int, rows: Range<Int>, outputGradient dLogits: Matrix<Scalar>,
    input f: Matrix<Scalar>
  ) {}
  func lookup(_ parameter: Int, indices: [Int32], outputGradient dx: Matrix<Scalar>) {}
}
