// Measuring which rollouts of training move the held-out reward, to first order.
//
// Learning from rollout i moves the parameters along A_i g_i, g_i = ∇ log π(y_i | ·), A_i its advantage. The mean held-out
// reward then rises by A_i <g_i, G> for each unit of learning rate, G its policy gradient (TracIn of one step: Pruthi et
// al., 2002.08484; for reward gradients: LearnAlign, 2506.11480). The held-out rollouts are dealt into K parts with a
// gradient G_k each, so that a score has K independent values.
//
// Along Adam's step, g_i / (√v + ε) stands in the place of g_i, with the second moments v of K batches of the rollouts
// of training.
import KeyedRandom
import ModelCore
import Runs
import Tasks

/// A ranking that can be started, watched and interrupted.
///
///     let run = RankingRun(rollouts, against: others, options: options, model: model)
///     let ranking = try run.run()
///
/// Results do not depend on threads.
public struct RankingRun<Scalar: ModelScalar> {
  public let plan: AlignmentPlan
  public let model: Transformer<Scalar>
  /// Whether the rollouts are learned from after the null context, not after their prompts.
  public var isMarginal = false
  /// How errors call the rollouts, and the held-out ones.
  public var rolloutsName = "rollouts"
  public var heldOutName = "held-out rollouts"
  public var threads = 1
  /// Bytes that may be used in all, the model included. It changes the number of passes over the rollouts
  /// and no result.
  public var memoryLimit = Machine.defaultMemoryLimit

  /// A ranking of scored rollouts in groups of one prompt.
  ///
  /// - Parameters:
  ///   - rollouts: Of problems that may be trained on.
  ///   - heldOut: Of problems that share no cluster with them.
  ///   - options: The null context and the seed count.
  public init(
    _ rollouts: [Rollout], against heldOut: [Rollout], options: AlignmentOptions,
    model: Transformer<Scalar>
  ) {
    var options = options
    options.controls = []
    plan = AlignmentPlan(
      rollouts: rollouts, heldOut: heldOut, options: options,
      vocabularySize: model.configuration.vocabularySize)
    self.model = model
  }

  /// Gradients that a sum over a part writes to, and their sum; then that of each worker.
  private static var chunkCount: Int { 4 }
  private var bufferCount: Int { Self.chunkCount + 1 + threads }

  /// Measures.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked by every worker.
  ///   - progress: Gets the share that is done, on the calling thread.
  /// - Returns: nil if it was stopped.
  /// - Throws: `OutputError` where the rollouts allow no ranking; `MemoryLimitExceeded`.
  public func run(
    shouldStop: @escaping @Sendable () -> Bool = { false },
    progress: @escaping (Double) -> Void = { _ in }
  ) throws -> RolloutRanking? {
    if let (isHeldOut, reason) = UpdateBatches.obstacleInPool(plan) {
      throw OutputError.usage(
        isHeldOut ? heldOutName : rolloutsName,
        "\(reason) (expected groups of scored rollouts, some right and some wrong)")
    }
    let batches = UpdateBatches(plan)
    let memory = GradientMemory(
      plan, model, threads: threads, limit: memoryLimit)
    guard let slices = memory.slices(rows: RankingRow.count, buffers: bufferCount) else {
      throw memory.exceeded(
        by: "rank", memory.leastBytes(rows: RankingRow.count, buffers: bufferCount))
    }
    // Nothing is learned in a group of equal rewards.
    let ranked = plan.rollouts.groups.filter { $0.contains { batches.advantages[$0] != 0 } }
      .joined().filter { $0 < plan.heldOutStart && !batches.advantages[$0].isNaN }
    var products = [[Double]](
      repeating: Array(repeating: 0, count: RankingRow.directions.count + 1),
      count: ranked.count)
    var partProducts = [Double](
      repeating: 0, count: RankingRow.parts.count * RankingRow.parts.count)
    for (place, slice) in slices.enumerated() {
      func tell(_ share: Double) { progress((Double(place) + share) / Double(slices.count)) }
      let directions = GradientSet<Scalar>(model.layout, range: slice, count: RankingRow.count)
      guard try fill(directions, batches, shouldStop, { tell(0.5 * $0) }),
        try multiply(
          ranked, with: directions, adding: &products, shouldStop, { tell(0.5 + 0.5 * $0) })
      else { return nil }
      directions.addProducts(RankingRow.parts, RankingRow.parts, to: &partProducts)
    }
    if let place = products.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) {
      throw NonFiniteError(
        "\(rolloutsName): a product of gradients of rollout \(plan.rollouts[ranked[place]].id)")
    }
    let square = partProducts.reduce(0, +) / Double(partProducts.count)
    return RolloutRanking(
      plan: plan, advantages: batches.advantages, ranked: ranked, products: products,
      heldOutNorm: max(0, square).squareRoot(), parts: RankingRow.parts, steps: RankingRow.steps,
      shuffled: RankingRow.shuffled)
  }

  // MARK: - Directions

  /// Fills all rows of a slice; false once it was stopped.
  private func fill(
    _ set: GradientSet<Scalar>, _ batches: UpdateBatches, _ shouldStop: () -> Bool,
    _ progress: (Double) -> Void
  ) throws -> Bool {
    let sum = BatchGradient(model, chunkCount: Self.chunkCount, range: set.range)
    let own = leaveOneOutAdvantages(plan.rollouts.map { $0.reward ?? .nan })
    let shuffled = leaveOneOutAdvantages(shuffledRewards)
    let work = Double(3 * UpdateBatches.count)
    // The parts of training stand where their quotients will stand.
    for (place, members) in batches.members.enumerated() {
      if shouldStop() { return false }
      try measure(members, batches.advantages, marginal: isMarginal, by: sum)
      set.add(sum.gradient, to: RankingRow.steps.lowerBound + place)
      progress(Double(place + 1) / work)
    }
    set.meanSquare(Array(RankingRow.steps), into: RankingRow.secondMoment)
    for (place, members) in batches.heldOut.enumerated() {
      if shouldStop() { return false }
      try measure(members, own, marginal: false, by: sum)
      set.add(sum.gradient, to: RankingRow.parts.lowerBound + place)
      set.rescale(
        RankingRow.parts.lowerBound + place, by: RankingRow.secondMoment,
        epsilon: Scalar(UpdateControl.epsilon), into: RankingRow.steps.lowerBound + place)
      try measure(members, shuffled, marginal: false, by: sum)
      set.add(
        sum.gradient, scaledBy: 1 / Scalar(UpdateBatches.count), to: RankingRow.shuffled)
      progress(Double(UpdateBatches.count + 2 * (place + 1)) / work)
    }
    return true
  }

  /// r − mean of the others of the group, with which the mean of A_i g_i is the gradient of the mean reward.
  private func leaveOneOutAdvantages(_ rewards: [Double]) -> [Double] {
    var advantages = [Double](repeating: .nan, count: rewards.count)
    for members in plan.rollouts.groups where members.count > 1 {
      let own = AdvantageScheme.leaveOneOut.advantages(of: members.map { rewards[$0] })
      for (member, advantage) in zip(members, own) { advantages[member] = advantage }
    }
    return advantages
  }

  /// The rewards of each group in another order.
  private var shuffledRewards: [Double] {
    var rewards = [Double](repeating: .nan, count: plan.rollouts.count)
    for (number, members) in plan.rollouts.groups.enumerated() {
      var order = members
      var random = plan.key("rank").derive(UInt64(number)).generator()
      random.shuffle(&order)
      for (member, other) in zip(members, order) {
        rewards[member] = plan.rollouts[other].reward ?? .nan
      }
    }
    return rewards
  }

  /// Leaves the mean of A_i ∇ log π(y_i | ·) over some rollouts in `sum`.
  private func measure(
    _ members: [Int], _ advantages: [Double], marginal: Bool, by sum: BatchGradient<Scalar>
  ) throws {
    let (plan, chunks, packSize) = (plan, Self.chunkCount, GradientMemory.packRollouts)
    _ = try sum.sum(chunkCount: chunks, threads: threads) { workspace, chunk, gradient in
      let range = members.count * chunk / chunks..<members.count * (chunk + 1) / chunks
      let places = members[range].filter { advantages[$0] != 0 }
      for first in stride(from: 0, to: places.count, by: packSize) {
        var batch = PackedSequences()
        var coefficients: [Scalar] = []
        for member in places[first..<min(first + packSize, places.count)] {
          let sequence = plan.sequence(member, marginal: marginal)
          batch.append(sequence)
          let weight = Scalar(advantages[member] / Double(members.count))
          coefficients += Array(repeating: weight, count: sequence.scoredCount)
        }
        if coefficients.isEmpty { continue }
        _ = workspace.score(batch)
        workspace.accumulateGradient(coefficients: coefficients, into: &gradient)
      }
    }
  }

  // MARK: - Rollouts

  /// What a worker writes to.
  private final class Worker {
    let workspace: Workspace<Scalar>
    var gradient: GradientBuffer<Scalar>

    init(_ model: Transformer<Scalar>, _ range: Range<Int>) {
      workspace = Workspace(model)
      gradient = GradientBuffer(model.layout, range: range)
    }
  }

  /// Adds the products of ∇ log π(y_i | ·) of some rollouts with the directions; false once it was stopped.
  private func multiply(
    _ ranked: [Int], with directions: GradientSet<Scalar>, adding products: inout [[Double]],
    _ shouldStop: @escaping @Sendable () -> Bool, _ progress: (Double) -> Void
  ) throws -> Bool {
    let (plan, model, isMarginal, before) = (plan, model, isMarginal, products)
    let end = try forEachInOrder(
      0..<ranked.count, threads: threads, shouldStop: shouldStop,
      makeWorker: { Worker(model, directions.range) },
      body: { worker, place in
        var batch = PackedSequences()
        batch.append(plan.sequence(ranked[place], marginal: isMarginal))
        worker.gradient.values.clear()
        _ = worker.workspace.score(batch)
        worker.workspace.accumulateGradient(
          coefficients: Array(repeating: 1, count: batch.scoredCount), into: &worker.gradient)
        var sums = before[place]
        directions.addProducts(worker.gradient, with: RankingRow.directions, to: &sums)
        return sums
      },
      consume: { place, sums in
        products[place] = sums
        progress(Double(place + 1) / Double(ranked.count))
      })
    return end == ranked.count
  }
}

/// Rows of the directions that are held: G_k, the same along Adam's step, G of shuffled rewards, and v.
private enum RankingRow {
  static let parts = 0..<UpdateBatches.count
  static let steps = UpdateBatches.count..<2 * UpdateBatches.count
  static let shuffled = 2 * UpdateBatches.count
  static let secondMoment = shuffled + 1
  static let count = secondMoment + 1
  /// Those that rollouts are multiplied with.
  static let directions = 0..<secondMoment
}
