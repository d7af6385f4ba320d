// A head with one output: v = w · f + b, where f is the normalised final state of a row. It serves
// as the value function of actor-critic methods or as a reward model.
//
// C hidden size; R rows, M scored rows.
//
//   dw = Σ_m c_m f_m,  db = Σ_m c_m,  df_m = c_m w   of Σ_m c_m v_m
import KeyedRandom

/// Weights of a scalar head and the layout of their gradient: w (C), then b.
///
/// It reads the scored rows of a batch. The row before a scored token has seen everything before
/// that token, so v is the value of that state. `ScoredSequence(stateAfter:)` reads the state after a
/// sequence's last token.
///
/// Workers read the parameters concurrently. `withParameters` changes them, and nothing else may
/// use the head meanwhile.
public final class ScalarHead<Scalar: ModelScalar>: @unchecked Sendable {
  /// C
  public let hiddenSize: Int
  var parameters: Buffer<Scalar>  // (C + 1)

  /// The number of scalars, C + 1.
  public var count: Int { hiddenSize + 1 }

  /// A head with all parameters zero: v = 0 everywhere.
  public init(hiddenSize: Int) {
    self.hiddenSize = hiddenSize
    parameters = Buffer(count: hiddenSize + 1)
  }

  /// w (1, C) and b (1) as parameters of a layout of their own, for an optimizer.
  public var layout: [ParameterLayout.Parameter] {
    [
      .init(
        name: "score.weight", shape: [1, hiddenSize], offset: 0, group: 0,
        initialization: .constant(0)),
      .init(
        name: "score.bias", shape: [1], offset: hiddenSize, group: 0, initialization: .constant(0)),
    ]
  }

  /// Draws w from a normal distribution around 0 and sets b to 0.
  ///
  /// - Parameter deviation: The standard deviation; nil for 1/√(C + 1) (Stiennon et al., 2009.01325, for
  ///   reward models).
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func initialize(_ key: RandomKey, deviation: Double? = nil) {
    var generator = key.generator()
    let deviation = deviation ?? 1 / Double(hiddenSize + 1).squareRoot()
    for i in 0..<hiddenSize { parameters.base[i] = Scalar(deviation * generator.normal()) }
    parameters.base[hiddenSize] = 0
  }

  /// Reads or changes w and b.
  public func withParameters<Result>(
    _ body: (inout Buffer<Scalar>) throws -> Result
  ) rethrows -> Result {
    try body(&parameters)
  }

  /// w as a matrix (1, C).
  private var weight: Matrix<Scalar> { Matrix(parameters.base, rows: 1, columns: hiddenSize) }

  /// v of each row of f (M, C).
  func values(_ features: Matrix<Scalar>) -> [Double] {
    Backend.rowProducts(features, parameters.base).map { $0 + Double(parameters.base[hiddenSize]) }
  }

  /// df (M, C) = beta · df + c wᵀ, and gradient (C + 1) += the head's.
  func backward(
    _ features: Matrix<Scalar>, coefficients: [Scalar], beta: Scalar, dFeatures: Matrix<Scalar>,
    gradient: UnsafeMutablePointer<Scalar>
  ) {
    precondition(coefficients.count == features.rows, "one coefficient a scored row")
    var coefficients = coefficients
    coefficients.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let column = Matrix(base, rows: buffer.count, columns: 1)
      Backend.multiply(column, weight, into: dFeatures, beta: beta)
      Backend.multiply(
        transposed: column, features, into: Matrix(gradient, rows: 1, columns: hiddenSize), beta: 1)
      Backend.addSum(of: column, to: gradient + hiddenSize)
    }
  }
}

extension Workspace {
  /// v of every scored row of a batch, in order. (M)
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func values(_ batch: PackedSequences, head: ScalarHead<Scalar>) -> [Double] {
    precondition(head.hiddenSize == model.configuration.hiddenSize, "a head of another model")
    forward(batch)
    logSumExps = []
    return head.values(current.features)
  }

  /// v of every scored row of the batch that was scored last, without another forward pass. For a
  /// policy and a value function on one trunk. (M)
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func values(head: ScalarHead<Scalar>) -> [Double] {
    precondition(head.hiddenSize == model.configuration.hiddenSize, "a head of another model")
    return head.values(current.features)
  }

  /// Adds the gradients of Σ_m c_m v_m of the last batch.
  ///
  /// - Parameters:
  ///   - coefficients: One per scored row, in order. (M)
  ///   - tokenCoefficients: Of log π of the same tokens, for an objective Σ_m c_m v_m + Σ_i t_i log
  ///     π(y_i) on one trunk; nil leaves out the vocabulary head. If given, the batch must have
  ///     been scored.
  ///   - gradient: The head's. (C + 1)
  ///   - trunk: Receives the gradients of the model's parameters, separately for each side.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(
    values coefficients: [Scalar], tokenCoefficients: [Scalar]? = nil, head: ScalarHead<Scalar>,
    gradient: inout Buffer<Scalar>, trunk receiver: any GradientReceiver<Scalar>
  ) {
    precondition(gradient.count == head.count, "a gradient of another head")
    let views = current
    if let tokenCoefficients {
      precondition(
        tokenCoefficients.count == logSumExps.count, "the batch must have been scored")
      model.layout.network.head.backward(
        headSite, logSumExps: logSumExps, coefficients: tokenCoefficients,
        dFeatures: views.dFeatures, into: receiver)
    }
    head.backward(
      views.features, coefficients: coefficients, beta: tokenCoefficients == nil ? 0 : 1,
      dFeatures: views.dFeatures, gradient: gradient.base)
    backwardFeatures(into: receiver)
  }

  /// Adds the head's gradient of Σ_m c_m v_m of the last batch; the trunk's is not computed.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func accumulateHeadGradient(
    values coefficients: [Scalar], head: ScalarHead<Scalar>, headGradient: inout Buffer<Scalar>
  ) {
    precondition(headGradient.count == head.count, "a gradient of another head")
    let views = current
    head.backward(
      views.features, coefficients: coefficients, beta: 0, dFeatures: views.dFeatures,
      gradient: headGradient.base)
  }

  /// The same with the trunk's gradient, into a gradient buffer over the model's layout.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func accumulateGradient(
    values coefficients: [Scalar], tokenCoefficients: [Scalar]? = nil, head: ScalarHead<Scalar>,
    headGradient: inout Buffer<Scalar>, into gradient: inout GradientBuffer<Scalar>
  ) {
    backward(
      values: coefficients, tokenCoefficients: tokenCoefficients, head: head,
      gradient: &headGradient,
      trunk: GradientAccumulator(&gradient))
  }
}
