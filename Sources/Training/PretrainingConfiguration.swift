// The settings of a pretraining run, decoded strictly.
import ModelCore
import StrictJSON
import Tasks

/// Pretraining of a model of a task with a corpus, by default the embedded one, on its documents.
public struct PretrainingConfiguration: Sendable {
  public var seed: UInt64
  /// The task whose corpus the model learns from.
  public var task: any CorpusTask
  public var model: ModelConfiguration
  /// Share of documents that open with their question; with 1 the model never sees a bare response,
  /// and log P(y) is off its distribution. nil for a task whose documents always do.
  public var questionShare: Double?
  /// How many documents there are; they come again in the same order. nil: every document is a new one.
  public var documentCount: Int?
  public var steps: Int
  /// Packed rows of one update.
  public var rowsPerStep: Int
  /// Tokens a row has room for.
  public var rowLength: Int
  /// Rows whose gradients are summed by one worker; the sum over chunks has a fixed order.
  public var rowsPerChunk: Int
  public var schedule: LearningRateSchedule
  public var optimizer: AdamW.Settings
  /// Gradients longer than this are scaled down to it.
  public var maximumGradientNorm: Double

  /// Reads the keys of `experiments/pretrain/config.json`, and `corpus.question_share` and `corpus.documents`.
  ///
  /// - Throws: `JSONValueError` naming an unknown, missing or out-of-range key.
  public init(reading reader: inout JSONReader) throws(JSONValueError) {
    seed = UInt64(try reader.int("seed", in: 0...Int.max))
    task = try BuiltInTasks.corpusTask(reading: &reader)
    let vocabulary = type(of: task).vocabulary
    var shape = try reader.object("model")
    model = ModelConfiguration(
      family: .qwen3, vocabularySize: vocabulary.words.count,
      hiddenSize: try shape.int("hidden_size", in: 1...8192),
      feedForwardSize: try shape.int("intermediate_size", in: 1...32_768),
      layerCount: try shape.int("num_hidden_layers", in: 1...128),
      headCount: try shape.int("num_attention_heads", in: 1...128),
      keyValueHeadCount: try shape.int("num_key_value_heads", in: 1...128),
      headDimension: try shape.int("head_dim", in: 2...512),
      normEpsilon: try shape.double("rms_norm_eps", in: 0...1),
      ropeTheta: try shape.double("rope_theta", in: 1...1e9), tiedEmbeddings: true,
      maximumPositions: try shape.int("max_position_embeddings", in: 128...1 << 20),
      bosToken: Int(vocabulary.start), eosTokens: [Int(vocabulary.end)],
      padToken: Int(vocabulary.padding))
    guard model.headCount.isMultiple(of: model.keyValueHeadCount) else {
      throw JSONValueError(
        path: shape.path(of: "num_key_value_heads"),
        message: "\(model.keyValueHeadCount) does not divide num_attention_heads")
    }
    guard model.headDimension.isMultiple(of: 2) else {
      throw JSONValueError(
        path: shape.path(of: "head_dim"), message: "is odd (expected an even integer)")
    }
    try shape.finish()
    questionShare = type(of: task).standardQuestionShare
    if var corpus = try reader.optionalObject("corpus") {
      if let standard = questionShare {
        questionShare = try corpus.optionalDouble("question_share", in: 0...1) ?? standard
      }
      documentCount = try corpus.optionalInt("documents", in: 1...1 << 40)
      try corpus.finish()
    }
    steps = try reader.int("steps", in: 1...10_000_000)
    rowsPerStep = try reader.int("rows_per_step", in: 1...65_536)
    rowLength = try reader.int("row_length", in: 128...65_536)
    rowsPerChunk = try reader.int("rows_per_chunk", in: 1...rowsPerStep)
    var rates = try reader.object("optimizer")
    let warmUp = try rates.spelling("learning_rate_warmup_steps", formerly: "warmup_steps")
    schedule = LearningRateSchedule(
      peak: try rates.double("learning_rate", in: 0...1),
      warmUpSteps: try rates.int(warmUp, in: 0...steps), steps: steps,
      finalShare: try rates.double("final_learning_rate_share", in: 0...1))
    optimizer = AdamW.Settings(
      beta1: try rates.double("beta1", in: 0...0.999_999),
      beta2: try rates.double("beta2", in: 0...0.999_999),
      epsilon: try rates.double("epsilon", in: 1e-30...1),
      weightDecay: try rates.double("weight_decay", in: 0...1))
    maximumGradientNorm = try rates.double("max_grad_norm", in: 1e-12...1e12)
    try rates.finish()
  }
}
