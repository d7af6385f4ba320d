import Foundation
import KeyedRandom
import ModelCore
import StrictJSON
import Testing

@Suite struct ConfigurationFuzzTests {
  /// 2,000, or the environment variable PRERL_FUZZ_INPUTS.
  private static let inputCount =
    ProcessInfo.processInfo.environment["PRERL_FUZZ_INPUTS"].flatMap { Int($0) } ?? 2_000

  /// Mutations of every fixture's config.json: never a crash, one line for what is refused, and
  /// whatever is accepted keeps the rules of a model.
  @Test func fuzzedConfigurationsAreRefusedOrKeepTheRules() throws {
    var seeds = try Golden.names.map { try Self.bytes(Golden($0).directory + "/config.json") }
    seeds.append(try Self.bytes(Golden("llama-tied").directory + "/config.old-spelling.json"))
    var accepted = 0
    for number in 0..<Self.inputCount {
      var generator = RandomKey(seed: 23).derive(UInt64(number)).generator()
      var bytes = seeds[generator.uniform(below: seeds.count)]
      for _ in 0...generator.uniform(below: 4) { Self.mutate(&bytes, &generator) }
      do {
        var reader = try JSONReader(JSON.parse(bytes))
        try Self.checkRules(ModelConfiguration(reading: &reader))
        accepted += 1
      } catch {
        try #require(!"\(error)".utf8.contains(UInt8(ascii: "\n")))
        try #require(!"\(error)".isEmpty)
      }
    }
    #expect(accepted > Self.inputCount / 50, "the mutations are too wild to test anything")
    #expect(accepted < Self.inputCount / 2, "the mutations are too tame to test anything")
  }

  private static func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private static func checkRules(_ configuration: ModelConfiguration) throws {
    for size in [
      configuration.vocabularySize, configuration.hiddenSize, configuration.feedForwardSize,
      configuration.layerCount, configuration.headCount, configuration.keyValueHeadCount,
      configuration.headDimension, configuration.maximumPositions,
    ] {
      try #require(1...1 << 30 ~= size)
    }
    // A rotation turns pairs; GPT-2 has none.
    try #require(configuration.family == .gpt2 || configuration.headDimension % 2 == 0)
    try #require(configuration.headCount % configuration.keyValueHeadCount == 0)
    try #require(0...1 ~= configuration.normEpsilon)
    try #require(configuration.ropeTheta.isFinite && configuration.ropeTheta > 0)
    if case .llama3(let scaling) = configuration.ropeScaling {
      try #require(scaling.lowFrequencyFactor < scaling.highFrequencyFactor)
      try #require(scaling.factor > 0 && scaling.originalMaximumPositions > 0)
    }
    let special =
      [configuration.bosToken, configuration.padToken].compactMap { $0 } + configuration.eosTokens
    try #require(special.allSatisfy { 0..<configuration.vocabularySize ~= $0 })
    // What is written again is read as the same.
    var reader = try JSONReader(configuration.json)
    try #require(try ModelConfiguration(reading: &reader) == configuration)
    // The table of parameters has no overflow in it; huge depths only take long.
    guard configuration.layerCount <= 8 else { return }
    let layout = ParameterLayout(configuration)
    try #require(layout.count == layout.parameters.reduce(0) { $0 + $1.count })
  }

  private static let alphabet =
    Array(#"{}[]",:\ 0123456789.-eu_tdsFB"#.utf8) + [0x0A, 0x00, 0x80, 0xC3, 0xFF]
  private static let values = [
    "0", "1", "2", "-1", "3", "64", "4294967296", "9223372036854775807", "9223372036854775808",
    "1e3", "1.0", "1e400", "-0.0", "null", "true", "false", "[]", "{}", "\"\"", "[1, 2]",
  ]

  private static func mutate(_ bytes: inout [UInt8], _ generator: inout KeyedGenerator) {
    guard !bytes.isEmpty else { return }
    let place = generator.uniform(below: bytes.count)
    let byte = alphabet[generator.uniform(below: alphabet.count)]
    switch generator.uniform(below: 12) {
    case 0: bytes[place] = byte
    case 1: bytes.insert(byte, at: place)
    case 2: bytes.remove(at: place)
    case 3:  // a piece twice
      let end = min(bytes.count, place + 1 + generator.uniform(below: 40))
      bytes.insert(contentsOf: bytes[place..<end], at: generator.uniform(below: bytes.count))
    case 4: bytes.removeLast(generator.uniform(below: bytes.count))
    case 5:  // a line less
      guard let start = bytes[place...].firstIndex(of: 0x0A),
        let end = bytes[(start + 1)...].firstIndex(of: 0x0A)
      else { return }
      bytes.removeSubrange(start..<end)
    case 6: bytes[place] ^= UInt8(1 << generator.uniform(below: 8))
    default:  // another value after a colon
      guard let colon = bytes[place...].firstIndex(of: UInt8(ascii: ":")) else { return }
      let end = bytes[colon...].firstIndex { $0 == UInt8(ascii: ",") || $0 == 0x0A } ?? colon + 1
      let value = values[generator.uniform(below: values.count)]
      bytes.replaceSubrange(colon + 1..<end, with: (" " + value).utf8)
    }
  }
}
