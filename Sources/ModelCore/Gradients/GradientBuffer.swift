// A gradient over all parameters, or over a slice of them.

/// A gradient over all parameters, laid out as the parameters, or over a slice of them.
///
/// A gradient that is too large to be held several times is computed slice by slice, in as many
/// backward passes as there are slices (`ParameterLayout.slices`).
public struct GradientBuffer<Scalar: ModelScalar>: ~Copyable, Sendable {
  public let layout: ParameterLayout
  /// The scalars of the layout that are asked for.
  public let range: Range<Int>
  /// The scalars that `values` holds: `range` and what a backward pass delivers together with it.
  package let held: Range<Int>
  /// The gradient of the scalars from `held.lowerBound` on; without a slice, of all parameters.
  public var values: Buffer<Scalar>

  /// A gradient over all parameters, zero.
  public init(_ layout: ParameterLayout) {
    self.init(layout, range: 0..<layout.count)
  }

  /// A gradient over a slice of the parameters, zero; other parts of gradients are not kept.
  public init(_ layout: ParameterLayout, range: Range<Int>) {
    self.layout = layout
    self.range = range
    held = layout.deliveryRange(range)
    values = Buffer(count: held.count)
  }
}
