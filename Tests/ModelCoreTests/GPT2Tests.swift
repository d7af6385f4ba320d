import Foundation
import ModelCore
import Safetensors
import StrictJSON
import TestSupport
import Testing

/// What GPT-2 has and no other family: its kernels and its files.
@Suite struct GPT2Tests {
  // MARK: - LayerNorm

  private static let count = 7
  private static let epsilon = 1e-3
  private static let weight = randomValues(count, 2)
  private static let bias = randomValues(count, 3)

  private static func norm(_ x: [Double], _ weight: [Double], _ bias: [Double]) -> [Double] {
    var y = [Double](repeating: -777, count: x.count)
    layerNorm(x, weight: weight, bias: bias, count: x.count, epsilon: epsilon, into: &y)
    return y
  }

  @Test func layerNormIsItsDefinition() {
    let x = randomValues(Self.count, 1).map { $0 + 3 }
    let mean = x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    let expected = x.indices.map {
      Self.weight[$0] * (x[$0] - mean) / (variance + Self.epsilon).squareRoot() + Self.bias[$0]
    }
    expectClose(Self.norm(x, Self.weight, Self.bias), expected, absolute: 1e-14)
  }

  @Test func layerNormsBackwardIsTheDerivative() {
    let x = randomValues(Self.count, 1)
    let dy = randomValues(Self.count, 4)
    var dx = [Double](repeating: -777, count: Self.count)
    var dWeight = [Double](repeating: 0.5, count: Self.count)
    layerNormBackward(
      x, weight: Self.weight, dy: dy, count: Self.count, epsilon: Self.epsilon, beta: 0, dx: &dx,
      dWeight: &dWeight)
    checkGradient(
      of: { dotProduct(Self.norm($0, Self.weight, Self.bias), dy) }, at: x, gradient: dx,
      tolerance: 1e-8)
    checkGradient(
      of: { dotProduct(Self.norm(x, $0, Self.bias), dy) }, at: Self.weight,
      gradient: dWeight.map { $0 - 0.5 }, tolerance: 1e-8)
    var added = [Double](repeating: 2, count: Self.count)
    layerNormBackward(
      x, weight: Self.weight, dy: dy, count: Self.count, epsilon: Self.epsilon, beta: 1,
      dx: &added, dWeight: &dWeight)
    expectClose(added, dx.map { $0 + 2 }, absolute: 1e-14, "beta 1 adds")
  }

  // MARK: - GELU

  @Test func geluIsItsDefinition() {
    let x = randomValues(9, 1, scale: 3) + [0, -40, 40]
    var h = [Double](repeating: -777, count: x.count)
    gelu(x, count: x.count, into: &h)
    let expected = x.map { x in
      0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }
    expectClose(h, expected, absolute: 1e-14)
    var single = [Float](repeating: -777, count: x.count)
    gelu(x.map { Float($0) }, count: x.count, into: &single)
    expectClose(single.map { Double($0) }, expected, absolute: 3e-6)
  }

  @Test func exactGELUIsItsDefinition() {
    let x = randomValues(9, 1, scale: 3) + [0, -40, 40]
    var h = [Double](repeating: -777, count: x.count)
    gelu(x, count: x.count, form: .exact, into: &h)
    expectClose(h, x.map { 0.5 * $0 * erfc(-$0 / 2.0.squareRoot()) }, absolute: 1e-14)
  }

  @Test(arguments: [GELUForm.tanh, .exact]) func gelusBackwardIsTheDerivative(form: GELUForm) {
    let x = randomValues(9, 1, scale: 2)
    let dh = randomValues(9, 2)
    var h = [Double](repeating: -777, count: 9)
    var dx = h
    geluBackward(x, dh: dh, count: 9, form: form, h: &h, dx: &dx)
    func value(_ x: [Double]) -> [Double] {
      var h = [Double](repeating: 0, count: x.count)
      gelu(x, count: x.count, form: form, into: &h)
      return h
    }
    #expect(h == value(x), "the output again")
    checkGradient(of: { dotProduct(value($0), dh) }, at: x, gradient: dx, tolerance: 1e-8)
  }

  // MARK: - Files

  /// The file without prefixes and with masks holds a model of the same names as any other.
  @Test func filesOfTheBareModelAreRead() throws {
    let golden = try Golden("gpt2-bare")
    let file = try SafetensorsFile(path: golden.directory + "/model.safetensors")
    #expect(file.tensor(named: "h.0.attn.bias") != nil)
    #expect(file.tensor(named: "wte.weight") != nil)
    let model = try Transformer<Float>(directory: golden.directory)
    #expect(model.layout.parameters.allSatisfy { $0.name.hasPrefix("transformer.") })
    #expect(model.layout.parameters.contains { $0.name == "transformer.h.2.mlp.c_fc.bias" })
    try withTemporaryDirectory { directory in
      try model.save(directory: directory)
      #expect(try Transformer<Float>(directory: directory).values == model.values)
    }
  }

  private static func read(_ changes: [(String, JSON?)]) throws -> ModelConfiguration {
    let path = try Golden("gpt2").directory + "/config.json"
    let json = try JSON.parse([UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
    var object = try #require(json.objectValue)
    for (key, value) in changes { object[key] = value }
    var reader = try JSONReader(.object(object))
    return try ModelConfiguration(reading: &reader)
  }

  @Test func configurationsHaveTheirDefaults() throws {
    let configuration = try Self.read([])
    #expect(configuration.feedForwardSize == 4 * 16, "n_inner is null")
    #expect(configuration.headDimension == 4 && configuration.keyValueHeadCount == 4)
    #expect(configuration.tiedEmbeddings && configuration.maximumPositions == 40)
    #expect(configuration.normEpsilon == 1e-5)
    #expect(try Self.read([("layer_norm_epsilon", nil), ("n_inner", nil)]) == configuration)
    #expect(try Self.read([("activation_function", "gelu_pytorch_tanh")]) == configuration)
    #expect(try Self.read([("scale_attn_weights", .null)]) == configuration)
    #expect(try Self.read([("n_inner", 20)]).feedForwardSize == 20)
  }

  @Test(
    arguments: [
      ("activation_function", "relu"), ("activation_function", "gelu"),
      ("scale_attn_by_inverse_layer_idx", true), ("reorder_and_upcast_attn", true),
      ("scale_attn_weights", false), ("add_cross_attention", true),
      ("quantization_config", ["bits": 4]), ("n_head", 3), ("n_embd", 0), ("n_layer", .null),
      ("n_positions", 0), ("layer_norm_epsilon", -1), ("vocab_size", 1.5), ("n_inner", 0),
    ] as [(String, JSON)])
  func settingsAreRefusedByName(key: String, value: JSON) throws {
    do {
      _ = try Self.read([(key, value)])
      Issue.record("accepted")
    } catch {
      #expect("\(error)".hasPrefix(key == "n_head" ? "n_embd: " : "\(key): "), "\(error)")
      #expect(!"\(error)".contains("\n"))
    }
  }
}
