// A decoder's parameters and configuration, shared by all workers.

/// A decoder-only transformer of one of the supported families.
///
/// Workers read the parameters concurrently. `withParameters` changes them, and nothing else may
/// use the model meanwhile.
public final class Transformer<Scalar: ModelScalar>: @unchecked Sendable {
  public let configuration: ModelConfiguration
  public let layout: ParameterLayout
  var parameters: Buffer<Scalar>

  /// A model with all parameters zero; see `initialize` and `load`.
  public init(_ configuration: ModelConfiguration) {
    BLAS.reserveBuffers(1)
    self.configuration = configuration
    layout = ParameterLayout(configuration)
    parameters = Buffer(count: layout.count)
  }

  /// A model of its own with the same parameters.
  public func copy() -> Transformer {
    let copy = Transformer(configuration)
    copy.parameters.copy(from: parameters)
    return copy
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
}
