// Measures one rollout: the main pair and its rows of the controls.
import KeyedRandom
import ModelCore
import RealModule

/// One worker of an alignment run.
public struct SampleAligner<Scalar: ModelScalar> {
  private let plan: AlignmentPlan
  private let meter: PairMeter<Scalar>
  private let untrained: PairMeter<Scalar>?
  private let gradient: ConditionalGradient?

  /// A whole g_c, which per-token products need.
  private final class ConditionalGradient {
    var values: GradientBuffer<Scalar>

    init(_ layout: ParameterLayout) {
      values = GradientBuffer(layout)
    }
  }

  /// - Parameter untrained: A freshly initialised model of the same shape, for that control.
  public init(
    plan: AlignmentPlan, model: Transformer<Scalar>, untrained: Transformer<Scalar>? = nil
  ) {
    self.plan = plan
    meter = PairMeter(
      workspace: Workspace(model), reduction: plan.options.reduction, method: plan.options.method)
    self.untrained = untrained.map {
      PairMeter(
        workspace: Workspace($0), reduction: plan.options.reduction, method: plan.options.method)
    }
    gradient = plan.options.tokenProducts ? ConditionalGradient(model.layout) : nil
  }

  /// Measures the rollout at an index of the file. The result depends on nothing else.
  public func measure(_ index: Int) -> SampleAlignment {
    let rollout = plan.rollouts[index]
    let null = plan.options.nullContext.tokens
    var pair = meter.measure(
      rollout.responseTokens, first: null, second: rollout.promptTokens)
    // The breakdown goes on from the main pair's activations, so it comes before the others.
    var rows: [AlignmentControl: [PairSummary]] = [:]
    if plan.controls.contains(.breakdown) { rows[.breakdown] = breakdown(index, pair) }
    for control in plan.controls where control != .breakdown {
      rows[control] = measure(control, index)
    }
    if let gradient { pair.tokenInnerProducts = tokenProducts(index, gradient) }
    return SampleAlignment(
      index: index, pair: pair, controls: plan.controls.flatMap { rows[$0] ?? [] })
  }

  /// <∇ log π(y_t | n, ·), g_c> of each token, scaled so that they add up to the inner product.
  private func tokenProducts(_ index: Int, _ gradient: ConditionalGradient) -> [Double] {
    let workspace = meter.workspace
    var batch = PackedSequences()
    batch.append(plan.sequence(index, marginal: false))
    _ = workspace.score(batch)
    let coefficient = meter.coefficient(batch.scoredCount)
    gradient.values.values.clear()
    workspace.accumulateGradient(
      coefficients: Array(repeating: coefficient, count: batch.scoredCount),
      into: &gradient.values)
    batch = PackedSequences()
    batch.append(plan.sequence(index, marginal: true))
    _ = workspace.score(batch)
    let unscored = plan.rollouts[index].responseTokens.count - batch.scoredCount
    return Array(repeating: .nan, count: unscored)
      + workspace.tokenDerivatives(along: gradient.values).map { $0 * Double(coefficient) }
  }

  private func measure(_ control: AlignmentControl, _ index: Int) -> [PairSummary] {
    let reduction = plan.options.reduction
    let rollout = plan.rollouts[index]
    let (prompt, response) = (rollout.promptTokens, rollout.responseTokens)
    let null = plan.options.nullContext.tokens
    let firstScored = null.isEmpty ? 1 : 0  // the same tokens as the main pair
    func against(_ context: [Int32], _ meter: PairMeter<Scalar>? = nil) -> PairSummary {
      (meter ?? self.meter).measure(
        response, first: context, second: prompt, firstScored: firstScored
      ).summary(reduction)
    }
    switch control {
    case .mismatchedPrompt:
      return [against(plan.rollouts[plan.partners[index]].promptTokens)]
    case .randomPrompt:
      return [against(plan.randomPrompt(index))]
    case .shuffledResponse:
      let shuffled = plan.shuffledResponse(
        index, endTokens: meter.workspace.model.configuration.eosTokens)
      return [
        meter.measure(shuffled, first: null, second: prompt, firstScored: firstScored)
          .summary(reduction)
      ]
    case .nullContext:
      // Without a context y_1 has no prediction: g_c drops it too, and a one-token y has no row.
      return plan.options.nullContextSweep.map { context in
        context.tokens.isEmpty && response.count < 2
          ? .undefined
          : meter.measure(response, first: context.tokens, second: prompt).summary(reduction)
      }
    case .mixture:
      return [meter.measureMixture(plan, index, firstScored: firstScored)]
    case .untrained:
      return [against(null, untrained)]
    case .breakdown, .cross, .update, .firstOrder:
      return []
    }
  }

  private func breakdown(_ index: Int, _ pair: PairMeasurement) -> [PairSummary] {
    let reduction = plan.options.reduction
    let whole = pair.summary(reduction)
    let firstScored = pair.logMarginal.count - pair.scoredCount
    return BreakdownBin.allCases.map { bin in
      switch bin {
      case .rewardPositive:
        return plan.rollouts[index].reward.map { $0 > 0 } == true ? whole : .undefined
      case .rewardNotPositive:
        return plan.rollouts[index].reward.map { $0 <= 0 } == true ? whole : .undefined
      case .withoutEmbedding:
        var rest = pair
        for (group, entry) in meter.workspace.model.layout.groups.enumerated()
        where entry.module == "embed_tokens" {
          rest.innerProducts[group] = 0
          rest.squaredNormsMarginal[group] = 0
          rest.squaredNormsConditional[group] = 0
        }
        return rest.summary(reduction)
      case .position, .probability, .entropy:
        let members = (firstScored..<pair.logMarginal.count).map { position in
          bin.contains(
            position: position, logConditional: pair.logConditional[position],
            entropyConditional: pair.entropyConditional[position]) ?? false
        }
        let products = meter.restricted(members)
        func kept(_ values: [Double]) -> [Double] {
          zip(values.dropFirst(firstScored), members).map { $1 ? $0 : .nan }
        }
        let count = members.count { $0 }
        guard count > 0 else { return .undefined }
        return PairSummary(
          innerProduct: products.inner, squaredNormMarginal: products.marginal,
          squaredNormConditional: products.conditional, logMarginal: kept(pair.logMarginal),
          logConditional: kept(pair.logConditional), scoredCount: count, reduction: reduction)
      }
    }
  }
}
