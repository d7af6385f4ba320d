// Random initialisation.
import KeyedRandom
import RealModule

extension Transformer {
  /// Draws new parameters as the family defines: matrices N(0, 1/√fan_in) or N(0, 0.02), the
  /// projections into the residual stream divided by √(2L) (Radford et al., GPT-2), norms 1, biases
  /// 0.
  ///
  /// Each parameter has its own stream of random numbers, so its values depend only on the key and
  /// its index in the layout.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func initialize(_ key: RandomKey) {
    for index in layout.parameters.indices { initialize(parameter: index, key) }
  }

  /// Draws one parameter as `initialize` does.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func initialize(parameter index: Int, _ key: RandomKey) {
    let parameter = layout.parameters[index]
    let values = pointer(index)
    switch parameter.initialization {
    case .constant(let value):
      values.update(repeating: Scalar(value), count: parameter.count)
    case .normal(let deviation):
      var generator = key.derive(UInt64(index)).generator()
      for i in 0..<parameter.count { values[i] = Scalar(deviation * generator.normal()) }
    }
  }
}
