// Everything that these tests call in the code under test, in one place: the oracles know only the
// plain types below, so a change of the alignment's API changes this file and no other.
import Analysis
import ModelCore
import Tasks

/// What a run is asked for.
struct Request: Sendable {
  /// Empty for no context.
  var nullContext: [Int32] = [1]
  /// Reduction `mean`, else `sum`.
  var mean = true
  var method = ProductMethod.auto
  /// Published names, such as "mismatched-prompt".
  var controls: [String] = []
  var sweep: [[Int32]] = []
  var seed: UInt64 = 5
  var tokenProducts = false
  var crossLimit = 128
  var specialTokens: Set<Int32> = [0, 1, 2]
  var firstOrderSamples = 16
}

/// The scalars of two gradients of one response.
struct MeasuredRow: Equatable {
  var inner = Double.nan
  var normMarginal = Double.nan
  var normConditional = Double.nan
  var cosine = Double.nan
  var logMarginal = Double.nan
  var logConditional = Double.nan
  var gap = Double.nan
  var difference = Double.nan

  /// A row of a sample to which the control does not apply.
  var isUndefined: Bool {
    [inner, normMarginal, normConditional, logMarginal, logConditional, gap, difference]
      .allSatisfy(\.isNaN)
  }

  /// For comparisons bit for bit, in which NaN equals NaN.
  var bits: [UInt64] {
    [
      inner, normMarginal, normConditional, cosine, logMarginal, logConditional, gap, difference,
    ].map(\.bitPattern)
  }
}

/// One rollout's results.
struct MeasuredSample {
  let row: MeasuredRow
  /// Of each parameter group, in the order of `Subject.groups`.
  let inner: [Double]
  let squaresMarginal: [Double]
  let squaresConditional: [Double]
  /// One a response token; NaN where it is not scored.
  let logMarginal: [Double]
  let logConditional: [Double]
  let entropyMarginal: [Double]
  let entropyConditional: [Double]
  /// Empty unless asked for.
  let tokenProducts: [Double]
  /// By published label, such as "breakdown/position 0-2".
  let controls: [String: MeasuredRow]
}

/// <g_m(y_i), g_c(y_j | x_j)>, row i, column j.
struct MeasuredCross {
  let samples: [Int]
  let products: [Double]
  let normsMarginal: [Double]
  let normsConditional: [Double]
  let cosines: [Double]
}

/// The products of the batch vectors.
struct MeasuredUpdate {
  let names: [String]
  let batchRollouts: [Int]
  let batchTokens: [Int]
  /// Flat over (vector a, vector b, batch k, batch l).
  let gram: [Double]
  /// By metric: "raw", "adam", "step".
  let statistics: [String: UpdateStatistics]

  func product(_ a: Int, _ k: Int, _ b: Int, _ l: Int) -> Double {
    let count = batchTokens.count
    return gram[((a * names.count + b) * count + k) * count + l]
  }
}

/// Steps along one direction.
struct MeasuredSteps {
  let name: String
  let predicted: [Double]
  let actual: [Double]
  let collateral: [Double]
  let radius: Double
}

/// The controls over all rollouts.
struct MeasuredFile {
  let cross: MeasuredCross?
  let update: MeasuredUpdate?
  let lengths: [Double]
  let samples: [MeasuredSteps]
  let rules: [MeasuredSteps]
  /// With their own lengths, one a learning rate.
  let adamSteps: [(steps: MeasuredSteps, lengths: [Double])]
}

/// A run of the code under test.
struct Subject<Scalar: ModelScalar> {
  private let plan: AlignmentPlan
  private let model: Transformer<Scalar>
  private let models: AlignmentModels<Scalar>

  init(
    _ rollouts: [Rollout], heldOut: [Rollout] = [], _ model: Transformer<Scalar>,
    untrained: Transformer<Scalar>? = nil, _ request: Request
  ) {
    func context(_ tokens: [Int32]) -> NullContext {
      NullContext(name: Self.name(tokens), tokens: tokens)
    }
    var options = AlignmentOptions(
      nullContext: context(request.nullContext), reduction: request.mean ? .mean : .sum,
      method: request.method,
      controls: AlignmentControls.named(request.controls).map { $0.name }, seed: request.seed,
      tokenProducts: request.tokenProducts, crossLimit: request.crossLimit,
      nullContextSweep: request.sweep.map(context), specialTokens: request.specialTokens,
      bootstrapReplicates: 50)
    options.firstOrderSamples = request.firstOrderSamples
    plan = AlignmentPlan(
      rollouts: rollouts, heldOut: heldOut, options: options,
      vocabularySize: model.configuration.vocabularySize)
    self.model = model
    models = AlignmentModels(model, others: untrained.map { [Untrained.name: $0] } ?? [:])
  }

  /// The label of a context in the null-context sweep.
  static func name(_ tokens: [Int32]) -> String {
    tokens.isEmpty ? "none" : "ids:" + tokens.map(String.init).joined(separator: ",")
  }

  /// "layer module" of each parameter group; layer −1 for what belongs to none.
  var groups: [String] { model.layout.groups.map { "\($0.layer) \($0.module)" } }

  /// Published names of the controls that the rollouts do not allow.
  var leftOut: [String] { plan.leftOut.map(\.control) }

  /// One fresh worker's results for rollouts in the given order.
  func measure(_ indices: [Int]) -> [MeasuredSample] {
    let aligner = SampleAligner(plan: plan, models: models)
    return indices.map { sample(aligner.measure($0)) }
  }

  /// The results of all rollouts, from several workers.
  func measure(threads: Int) throws -> [MeasuredSample] {
    let (plan, models) = (plan, models)
    var samples: [MeasuredSample] = []
    try forEachInOrder(
      0..<plan.rollouts.count, threads: threads,
      makeWorker: { SampleAligner(plan: plan, models: models) },
      body: { aligner, index in aligner.measure(index) },
      consume: { samples.append(sample($1)) })
    return samples
  }

  private func sample(_ result: SampleAlignment) -> MeasuredSample {
    let pair = result.pair
    return MeasuredSample(
      row: row(pair.summary(plan.options.reduction)), inner: pair.innerProducts,
      squaresMarginal: pair.squaredNormsMarginal, squaresConditional: pair.squaredNormsConditional,
      logMarginal: pair.logMarginal, logConditional: pair.logConditional,
      entropyMarginal: pair.entropyMarginal, entropyConditional: pair.entropyConditional,
      tokenProducts: pair.tokenInnerProducts,
      controls: Dictionary(
        uniqueKeysWithValues: zip(plan.entries.map(\.label), result.controls.map(row))))
  }

  private func row(_ summary: PairSummary) -> MeasuredRow {
    MeasuredRow(
      inner: summary.innerProduct, normMarginal: summary.normMarginal,
      normConditional: summary.normConditional, cosine: summary.cosine,
      logMarginal: summary.logMarginal, logConditional: summary.logConditional, gap: summary.gap,
      difference: summary.difference)
  }

  /// The fewest bytes with which the controls over all rollouts can be measured.
  func leastMemory(threads: Int) throws -> Int {
    var limit = 0
    while true {
      do {
        _ = try CollectionResults.measure(
          plan, model: model, threads: threads, memoryLimit: limit, shouldStop: { true })
        return limit
      } catch let error as MemoryLimitExceeded {
        limit = error.needed
      }
    }
  }

  /// Passes in which the gradients of `cross` are computed under a memory limit.
  func crossPasses(threads: Int, memoryLimit: Int) -> Int? {
    GradientMemory(
      plan, model, threads: threads, limit: memoryLimit
    ).slices(rows: 2 * plan.rollouts.count, buffers: threads)?.count
  }

  /// The controls over all rollouts.
  func measureFile(threads: Int = 1, memoryLimit: Int? = nil) throws -> MeasuredFile? {
    try CollectionResults.measure(
      plan, model: model, threads: threads, memoryLimit: memoryLimit ?? 1 << 40
    ).map { results in
      let firstOrder = results[FirstOrderControl.self]
      func steps(_ directions: [FirstOrderControl.Direction]?) -> [MeasuredSteps] {
        (directions ?? []).map {
          MeasuredSteps(
            name: $0.name, predicted: $0.predicted, actual: $0.actual, collateral: $0.collateral,
            radius: firstOrder?.validityRadius($0) ?? .nan)
        }
      }
      return MeasuredFile(
        cross: results[CrossMatrix.self].map {
          MeasuredCross(
            samples: $0.samples, products: $0.innerProducts, normsMarginal: $0.normsMarginal,
            normsConditional: $0.normsConditional, cosines: $0.cosines)
        },
        update: results[UpdateControl.self].map(update), lengths: firstOrder?.lengths ?? [],
        samples: steps(firstOrder?.samples), rules: steps(firstOrder?.rules),
        adamSteps: (firstOrder?.adamSteps ?? []).map {
          (
            MeasuredSteps(
              name: $0.name, predicted: $0.predicted, actual: $0.actual, collateral: $0.collateral,
              radius: .nan), $0.lengths
          )
        })
    }
  }

  private func update(_ control: UpdateControl) -> MeasuredUpdate {
    MeasuredUpdate(
      names: control.vectorNames, batchRollouts: control.batchRollouts,
      batchTokens: control.batchTokens, gram: control.gram,
      statistics: Dictionary(
        uniqueKeysWithValues: UpdateControl.Metric.allCases.map {
          ($0.name, control.statistics($0))
        }))
  }

  /// The published statistics of all rollouts, by key.
  func summary() throws -> [String: Double] {
    let aligner = SampleAligner(plan: plan, models: models)
    let results = plan.rollouts.indices.map { aligner.measure($0) }
    let summary = AlignmentSummary(
      plan, main: results.map { $0.pair.summary(plan.options.reduction) },
      entries: plan.entries.indices.map { entry in results.map { $0.controls[entry] } },
      collection: try CollectionResults.measure(plan, model: model, threads: 1)
        ?? CollectionResults())
    return Dictionary(
      uniqueKeysWithValues: summary.statistics.map {
        (($0.group + [$0.name]).joined(separator: "."), $0.interval.estimate)
      })
  }
}
