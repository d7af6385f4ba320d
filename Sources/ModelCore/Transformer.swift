// A decoder's parameters and configuration, shared by all workers.

/// A decoder-only transformer of one of the supported families.
///
/// Workers read the parameters concurrently. `withParameters` changes them, and nothing else may
/// use the model meanwhile.
public final class Transformer<Scalar: ModelScalar>: @unchecked Sendable {
  public let configuration: ModelConfiguration
  public let layout: ParameterLayout
  var parameters: Buffer<Scalar>

  /// Whether the backward pass delivers the gradients of an adapter's factors alone.
  let differentiatesAdapterAlone: Bool

  /// A model with all parameters zero; see `initialize` and `load`.
  public convenience init(_ configuration: ModelConfiguration) {
    self.init(configuration, ParameterLayout(configuration))
  }

  init(
    _ configuration: ModelConfiguration, _ layout: ParameterLayout,
    differentiatesAdapterAlone: Bool = false
  ) {
    BLAS.reserveBuffers(1)
    self.configuration = configuration
    self.layout = layout
    self.differentiatesAdapterAlone = differentiatesAdapterAlone
    parameters = Buffer(count: layout.count)
  }

  /// A model of its own with the same parameters.
  public func copy() -> Transformer {
    let copy = Transformer(
      configuration, layout, differentiatesAdapterAlone: differentiatesAdapterAlone)
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
