// The head of a reward model: one number r = w · f, where f is the normalised final state of a row.
// It is `score` of transformers' `…ForSequenceClassification` with one label, which has no bias. w is
// a parameter of the model like any other, so optimizers, gradients and files treat it as one.
//
// C hidden size; R rows, M scored rows.
//
//   dw = Σ_m c_m f_m,  df_m = c_m w   of Σ_m c_m r_m

/// The weights (1, C) of a reward head.
struct RewardHead: Sendable {
  /// The parameter's name, in all families.
  static let parameterName = "score.weight"

  let weight: Weight
  let hiddenSize: Int  // C

  /// Appends the parameter to a layout. It is drawn from N(0, 1/√(C + 1)) (Stiennon et al., 2009.01325).
  init(_ layout: inout ParameterLayout.Builder) {
    hiddenSize = layout.configuration.hiddenSize
    weight = layout.append(
      "score", prefix: "", [1, hiddenSize],
      .normal(deviation: 1 / Double(hiddenSize + 1).squareRoot()))
  }

  /// r of each row of f (M, C).
  func rewards<Scalar: ModelScalar>(
    _ features: Matrix<Scalar>, _ parameters: ParameterView<Scalar>
  ) -> [Double] {
    Backend.rowProducts(features, parameters[weight])
  }

  /// df (M, C) of Σ_m c_m r_m, and the gradient of w.
  func backward<Scalar: ModelScalar>(
    _ features: Matrix<Scalar>, _ parameters: ParameterView<Scalar>,
    coefficients: [Scalar], dFeatures: Matrix<Scalar>, into receiver: any GradientReceiver<Scalar>
  ) {
    var coefficients = coefficients
    coefficients.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      let column = Matrix(base, rows: buffer.count, columns: 1)
      // A vocabulary of one word, whose logit is the reward.
      receiver.head(weight.index, rows: 0..<1, outputGradient: column, input: features)
      Backend.multiply(
        column, parameters.matrix(weight, rows: 1, columns: hiddenSize), into: dFeatures, beta: 0)
    }
  }
}

extension Workspace {
  /// The reward of every scored row of a batch, in order, by a model with a reward head. (M)
  ///
  /// `ScoredSequence(stateAfter:)` reads the state after a sequence's last token.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func rewards(_ batch: PackedSequences) -> [Double] {
    let head = rewardHead
    forward(batch)
    logSumExps = []
    return head.rewards(current.features, view)
  }

  /// Runs the backward pass of Σ_m c_m r_m over the batch of the last call of `rewards`.
  ///
  /// - Parameter coefficients: One a scored row, in order. (M)
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(rewards coefficients: [Scalar], into receiver: any GradientReceiver<Scalar>)
  {
    precondition(coefficients.count == batch.scoredCount, "one coefficient a scored row")
    rewardHead.backward(
      current.features, view, coefficients: coefficients,
      dFeatures: current.dFeatures, into: receiver)
    backwardFeatures(into: receiver)
  }

  /// Adds ∇θ Σ_m c_m r_m of that batch to a gradient buffer, or to its slice.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func accumulateGradient(
    rewards coefficients: [Scalar], into gradient: inout GradientBuffer<Scalar>
  ) {
    backward(rewards: coefficients, into: GradientAccumulator(&gradient))
  }

  private var rewardHead: RewardHead {
    guard let head = model.layout.network.rewardHead else {
      preconditionFailure("a language model has no reward (expected a model with a reward head)")
    }
    return head
  }
}
