// Inner product and squared norms of two gradients, parameter by parameter.

/// How products of weight gradients are computed; the results agree to rounding.
public enum ProductMethod: String, Sendable, CaseIterable {
  /// Whichever takes fewer operations, layer by layer.
  case auto
  /// From the Gram matrices of activations and output gradients; no gradient is formed.
  case gram
  /// A band of rows of both gradients at a time.
  case materialized
}

/// Products of the gradients of two sides of a batch.
public struct GradientProducts: Sendable {
  /// <first, second> of each parameter, in the order of the layout.
  public internal(set) var innerProducts: [Double]
  /// |first|² of each parameter.
  public internal(set) var squaredNormsOfFirst: [Double]
  /// |second|² of each parameter.
  public internal(set) var squaredNormsOfSecond: [Double]

  init(parameterCount: Int) {
    innerProducts = Array(repeating: 0, count: parameterCount)
    squaredNormsOfFirst = innerProducts
    squaredNormsOfSecond = innerProducts
  }

  /// The products summed over the parameters of each group of a layout.
  public func grouped(by layout: ParameterLayout) -> GradientProducts {
    var result = GradientProducts(parameterCount: layout.groups.count)
    for (index, parameter) in layout.parameters.enumerated() {
      result.innerProducts[parameter.group] += innerProducts[index]
      result.squaredNormsOfFirst[parameter.group] += squaredNormsOfFirst[index]
      result.squaredNormsOfSecond[parameter.group] += squaredNormsOfSecond[index]
    }
    return result
  }
}

extension Workspace {
  /// Products of the two sides' gradients of Σ_i c_i log π(y_i | ·) for the last scored batch.
  ///
  /// - Parameter coefficients: One a scored token, the first side's before the second's; 1/T each
  ///   for the gradient of a mean log-probability.
  public func gradientProducts(
    coefficients: [Scalar], method: ProductMethod = .auto
  ) -> GradientProducts {
    precondition(batch.sides.count == 2, "products of two sides")
    return gradientProductsWithLastSide(coefficients: coefficients, method: method)[0]
  }

  /// Products of each side's gradient, as the first, with that of the last side, as the second: one
  /// element for each side but the last. The gradient of the last side is computed once for all.
  ///
  /// - Parameter coefficients: One a scored token, side after side.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func gradientProductsWithLastSide(
    coefficients: [Scalar], method: ProductMethod = .auto
  ) -> [GradientProducts] {
    let receiver = ProductReceiver<Scalar>(layout: model.layout, method: method, batch: batch)
    backward(coefficients: coefficients, into: receiver)
    return receiver.products
  }
}
