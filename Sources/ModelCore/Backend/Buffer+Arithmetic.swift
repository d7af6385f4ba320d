// Element-wise operations over whole buffers. Published products and norms are summed in Double.

extension Buffer {
  /// Copies the values of a buffer of the same size.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func copy(from other: borrowing Buffer) {
    precondition(other.count == count, "buffers of different sizes")
    base.update(from: other.base, count: count)
  }

  /// Adds `scale` times another buffer of the same size.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func add(_ other: borrowing Buffer, scaledBy scale: Scalar = 1) {
    precondition(other.count == count, "buffers of different sizes")
    addScaled(scale, other.base, to: base, count: count)
  }

  /// Multiplies every value.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func scale(by factor: Scalar) {
    for i in 0..<count { base[i] *= factor }
  }

  /// Replaces every value by v / (|v| + ε): the first step of Adam from fresh moments, up to the learning
  /// rate.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public mutating func becomeFirstAdamStep(epsilon: Scalar) {
    Backend.rescale(base, byOwnMagnitude: epsilon, into: base, count: count)
  }

  /// Σ self · other, in Double.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public borrowing func innerProduct(_ other: borrowing Buffer) -> Double {
    precondition(other.count == count, "buffers of different sizes")
    return wideDot(base, other.base, count: count)
  }

  /// √Σ self², in Double.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public borrowing func norm() -> Double {
    wideDot(base, base, count: count).squareRoot()
  }
}
