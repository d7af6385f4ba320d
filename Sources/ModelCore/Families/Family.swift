// What a family of models says about itself, and the list of the families that there are.
//
// To add one: a file in this folder with a type like `Qwen3` or `Llama`, and a line in the list below. A
// family of known parts (Operations/) needs nothing else; new parts are new files in Operations/, with
// their kernels in Backend/.
import StrictJSON

/// One architecture: its keys in config.json, its parameters and the operations between them.
protocol ModelFamily: Sendable {
  /// `model_type` of config.json.
  static var name: String { get }

  /// Reads the keys of transformers' configuration class; other keys are ignored. Settings that change
  /// the computation in a way that is not implemented are refused.
  static func read(_ reader: inout JSONReader) throws(JSONValueError) -> ModelConfiguration

  /// config.json as transformers writes it.
  static func json(_ configuration: ModelConfiguration) -> JSONObject

  /// Appends every parameter in order, and says what is computed with them.
  static func build(_ layout: inout ParameterLayout.Builder) -> Network

  /// Other names under which checkpoints hold a parameter.
  static func alternatives(to name: String) -> [String]

  /// Whether a tensor of a checkpoint is no parameter and can be left out.
  static func ignores(_ tensor: String) -> Bool

  /// Whether positions are rows of a parameter, so that there are none beyond `maximumPositions`.
  static var learnsPositions: Bool { get }

  /// A model of the family that is small enough to move every parameter, for self-checks.
  static func tiny(tied: Bool) -> ModelConfiguration
}

extension ModelFamily {
  static func alternatives(to name: String) -> [String] { [] }
  static func ignores(_ tensor: String) -> Bool { false }
  static var learnsPositions: Bool { false }

  /// 2 layers, two query heads on one key/value head. The norms' ε is large, so that no row of 4
  /// numbers comes near 0, where the model bends too much for difference quotients.
  static func tiny(tied: Bool) -> ModelConfiguration {
    ModelConfiguration(
      family: ModelConfiguration.Family(Self.self), vocabularySize: 11, hiddenSize: 4,
      feedForwardSize: 5, layerCount: 2, headCount: 2, keyValueHeadCount: 1, headDimension: 4,
      normEpsilon: 0.1, ropeTheta: 500, tiedEmbeddings: tied, maximumPositions: 64)
  }
}

extension ModelConfiguration {
  /// A family, by its `model_type`.
  public struct Family: RawRepresentable, CaseIterable, Sendable, Hashable {
    /// The families that there are, in the order in which messages name them.
    static let list: [any ModelFamily.Type] = [
      Qwen3.self,
      Qwen2.self,
      Llama.self,
      GPT2.self,
    ]

    public let rawValue: String
    let type: any ModelFamily.Type

    /// Whether positions are rows of a parameter: a longer sequence cannot be computed.
    public var learnsPositions: Bool { type.learnsPositions }

    init(_ type: any ModelFamily.Type) {
      self.type = type
      rawValue = type.name
    }

    public init?(rawValue: String) {
      guard let type = Self.list.first(where: { $0.name == rawValue }) else { return nil }
      self.init(type)
    }

    public static var allCases: [Family] { list.map { Family($0) } }

    /// A model of the family that is small enough to move every parameter, for self-checks.
    public func tiny(tied: Bool) -> ModelConfiguration { type.tiny(tied: tied) }

    public static func == (a: Family, b: Family) -> Bool { a.rawValue == b.rawValue }
    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
  }
}
