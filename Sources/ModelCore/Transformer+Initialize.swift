// Random initialisation.
import KeyedRandom
import RealModule

extension Transformer {
  /// Draws fresh parameters: matrices N(0, 1/√fan_in), the embedding N(0, 0.02), the projections back
  /// into the residual stream scaled down by √(2L) (Radford et al., GPT-2), norms 1, biases 0.
  ///
  /// Each parameter has its own stream, so its values depend on the key and its place in the layout.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func initialize(_ key: RandomKey) {
    let depthScale = 1 / Double(2 * configuration.layerCount).squareRoot()
    for (index, parameter) in layout.parameters.enumerated() {
      let values = pointer(index)
      guard parameter.isMatrix else {
        let isBias = parameter.name.hasSuffix(".bias")
        values.update(repeating: isBias ? 0 : 1, count: parameter.count)
        continue
      }
      var deviation = 1 / Double(parameter.shape[1]).squareRoot()
      let module = layout.groups[parameter.group].module
      if module == "embed_tokens" { deviation = 0.02 }
      if module == "self_attn.o_proj" || module == "mlp.down_proj" { deviation *= depthScale }
      var generator = key.derive(UInt64(index)).generator()
      for i in 0..<parameter.count { values[i] = Scalar(deviation * generator.normal()) }
    }
  }
}
