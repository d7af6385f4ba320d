// A decoder's parameters and configuration: what all workers share.

/// A model of the Qwen3, Qwen2 or Llama family.
///
/// Workers read the parameters concurrently; `withParameters` changes them, and nobody may work
/// with the model meanwhile.
public final class Transformer<Scalar: ModelScalar>: @unchecked Sendable {
  public let configuration: ModelConfiguration
  public let layout: ParameterLayout
  var parameters: Buffer<Scalar>

  /// A model with all parameters zero; see `initialize` and `load`.
  public init(_ configuration: ModelConfiguration) {
    self.configuration = configuration
    layout = ParameterLayout(configuration)
    parameters = Buffer(count: layout.count)
  }

  /// Reads or changes the parameters in the order of the layout.
  public func withParameters<Result>(
    _ body: (inout Buffer<Scalar>) throws -> Result
  ) rethrows -> Result {
    try body(&parameters)
  }

  /// Row 0 of a parameter.
  func pointer(_ parameter: Int) -> UnsafeMutablePointer<Scalar> {
    parameters.base + layout.parameters[parameter].offset
  }

  /// The weights (N, K) of layers that share an input, as one matrix.
  func matrix(_ layers: ParameterLayout.FusedLinear) -> Matrix<Scalar> {
    Matrix(
      pointer(layers.weights[0]),
      rows: layers.weights.reduce(0) { $0 + layout.parameters[$1].shape[0] },
      columns: layout.parameters[layers.weights[0]].shape[1])
  }

  /// The rows of the output head that belong to a range of the vocabulary. (tile, C)
  func head(vocabulary: Range<Int>) -> Matrix<Scalar> {
    Matrix(
      pointer(layout.head), rows: configuration.vocabularySize, columns: configuration.hiddenSize
    ).rows(vocabulary)
  }
}
