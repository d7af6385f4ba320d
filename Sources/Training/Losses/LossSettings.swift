// The key `loss` of a configuration: a loss, and what it is a loss of.
import StrictJSON
import Tasks

/// A loss with the settings that all losses share: which tokens are scored after which context, and how
/// they are weighed.
public struct LossSettings: Sendable {
  public var loss: any PolicyLoss
  public var aggregation = LossAggregation.tokenMean
  /// Whether y_1 is scored. log P(y) pays for how a document begins, log P(y|x) hardly does.
  public var scoresFirstToken = true
  /// What stands before y in the pre-train space.
  public var nullContext: PreTrainContext

  /// Settings with every default.
  public init(nullContext: PreTrainContext, loss: any PolicyLoss = ClippedSurrogate()) {
    self.nullContext = nullContext
    self.loss = loss
  }

  /// Reads `loss` with the keys `aggregation`, `score_first_token`, `null_context` and those of the
  /// loss itself; absent ones keep their defaults.
  ///
  /// - Parameter type: The algorithm's loss.
  /// - Throws: `JSONValueError` naming an unknown or out-of-range key.
  public init(
    reading reader: inout JSONReader, for run: RunOutline,
    _ type: any PolicyLoss.Type = ClippedSurrogate.self
  ) throws(JSONValueError) {
    self.init(nullContext: PreTrainContext(standardFor: run.task), loss: type.init(for: run))
    guard var loss = try reader.optionalObject("loss") else { return }
    aggregation = try loss.optionalChoice("aggregation") ?? aggregation
    self.loss = try type.init(reading: &loss, for: run)
    scoresFirstToken = try loss.optionalBool("score_first_token") ?? scoresFirstToken
    if loss.value("null_context") != nil {
      nullContext = try PreTrainContext(reading: &loss, key: "null_context", task: run.task)
    }
    try loss.finish()
  }

  /// The settings as they are read.
  public var json: JSON {
    var object: JSONObject = ["aggregation": .string(aggregation.rawValue)]
    for (key, value) in loss.json.members { object[key] = value }
    object["score_first_token"] = .bool(scoresFirstToken)
    object["null_context"] = nullContext.json
    return .object(object)
  }
}
