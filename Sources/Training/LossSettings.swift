// The settings of a loss that all algorithms share, decoded strictly.
import StrictJSON
import Tasks

/// The key `loss` of a configuration.
public struct LossSettings: Sendable, Hashable {
  public var aggregation = LossAggregation.tokenMean
  public var clip = ClippedSurrogate()
  /// Whether y_1 is scored. log P(y) pays for how a document begins, log P(y|x) hardly does.
  public var scoresFirstToken = true
  /// What stands before y in the pre-train space.
  public var nullContext: PreTrainContext

  /// Settings with every default.
  public init(nullContext: PreTrainContext) {
    self.nullContext = nullContext
  }

  /// Reads `loss` with the keys `aggregation`, `clip_low`, `clip_high`, `dual_clip`,
  /// `score_first_token` and `null_context`; absent ones keep their defaults.
  ///
  /// - Throws: `JSONValueError` naming an unknown or out-of-range key.
  public init(reading reader: inout JSONReader, for run: RunOutline) throws(JSONValueError) {
    nullContext = PreTrainContext(standardFor: run.task)
    clip.dual = run.preset.dualClip
    guard var loss = try reader.optionalObject("loss") else { return }
    let names = LossAggregation.allCases.map(\.rawValue)
    if let name = try loss.optionalString("aggregation", oneOf: names) {
      aggregation = LossAggregation(rawValue: name) ?? aggregation
    }
    clip.low = try loss.optionalDouble("clip_low", in: 0...1) ?? clip.low
    clip.high = try loss.optionalDouble("clip_high", in: 0...1e6) ?? clip.high
    if loss.contains("dual_clip") { clip.dual = try loss.optionalDouble("dual_clip", in: 1...1e6) }
    scoresFirstToken = try loss.optionalBool("score_first_token") ?? scoresFirstToken
    if loss.contains("null_context") {
      nullContext = try PreTrainContext(reading: &loss, key: "null_context", task: run.task)
    }
    try loss.finish()
  }

  /// The settings as they are read.
  public var json: JSON {
    [
      "aggregation": .string(aggregation.rawValue), "clip_low": .real(clip.low),
      "clip_high": .real(clip.high), "dual_clip": clip.dual.map { .real($0) } ?? .null,
      "score_first_token": .bool(scoresFirstToken),
      "null_context": nullContext.json,
    ]
  }
}
