import Foundation
import KeyedRandom
import Tasks
import Testing

/// Mutated lines are read or refused in one line of text, never a crash. Quick by default;
/// PRERL_FUZZ_INPUTS sets the number of inputs.
@Suite struct RolloutFuzzTests {
  static let seeds = [
    #"{"id":"a","problem_id":"p","prompt":"x","prompt_ids":[1,2,3],"response":"y","response_ids":[4],"reward":1}"#,
    #"{"input":"q","output":"r","score":0.5,"gts":["4"],"step":1,"cluster":"é"}"#,
    #"{"prompt":[{"role":"user","content":"q"}],"completion":[{"role":"assistant","content":"t"}]}"#,
    #"{"messages":[{"role":"system","content":"\u00e9\ud83d\ude00"}],"response":"b","answer":1e3}"#,
  ].map { Array($0.utf8) }

  static let pieces = [
    "null", "true", "-1", "1e999", "9223372036854775808", "[", "]", "{", "}", "\"", "\\u",
    "\\ud800",
    ",", ":", "prompt_ids", "\u{0}", "\n",
  ].map { Array($0.utf8) }

  @Test func mutatedLinesNeverCrash() {
    let inputs =
      ProcessInfo.processInfo.environment["PRERL_FUZZ_INPUTS"].flatMap(Int.init) ?? 20_000
    let options = RolloutReader.Options(
      vocabularySize: 256, maximumLength: 50, encoder: ByteEncoder())
    var read = 0
    var refused = 0
    for input in 0..<inputs {
      var random = RandomKey(seed: 11).derive(UInt64(input)).generator()
      let line = mutate(Self.seeds[random.uniform(below: Self.seeds.count)], using: &random)
      do {
        let fields = try RolloutLine(line[...], options: options)
        #expect(!fields.promptTokens.isEmpty && !fields.responseTokens.isEmpty)
        #expect(fields.promptTokens.count + fields.responseTokens.count <= 50)
        #expect((fields.promptTokens + fields.responseTokens).allSatisfy { 0..<256 ~= $0 })
        read += 1
      } catch {
        #expect(!error.message.isEmpty && !error.message.contains("\n"))
        refused += 1
      }
    }
    // The mutations reach both sides.
    #expect(read > inputs / 50 && refused > inputs / 50)
  }

  private func mutate(_ line: [UInt8], using random: inout KeyedGenerator) -> [UInt8] {
    var line = line
    for _ in 0...random.uniform(below: 4) {
      let place = random.uniform(below: line.count + 1)
      let end = min(line.count, place + random.uniform(below: 6))
      switch random.uniform(below: 5) {
      case 0 where place < line.count: line[place] = UInt8(random.uniform(below: 256))
      case 1: line.removeSubrange(place..<end)
      case 2:
        line.insert(contentsOf: Self.pieces[random.uniform(below: Self.pieces.count)], at: place)
      case 3: line.insert(contentsOf: line[place..<end], at: random.uniform(below: line.count + 1))
      default:
        line.replaceSubrange(
          place..<end, with: Self.pieces[random.uniform(below: Self.pieces.count)])
      }
    }
    return line
  }
}
