// A gradient over all parameters.

/// A gradient over all parameters, laid out as the parameters.
public struct GradientBuffer<Scalar: ModelScalar>: ~Copyable, Sendable {
  public let layout: ParameterLayout
  public var values: Buffer<Scalar>

  public init(_ layout: ParameterLayout) {
    self.layout = layout
    values = Buffer(count: layout.count)
  }
}
