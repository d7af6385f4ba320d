import Foundation
import KeyedRandom
import Safetensors
import Testing

@Suite struct SafetensorsFuzzTests {
  /// 20,000, or the environment variable PRERL_FUZZ_INPUTS.
  private static let inputCount =
    ProcessInfo.processInfo.environment["PRERL_FUZZ_INPUTS"].flatMap { Int($0) } ?? 20_000

  /// Mutations of valid headers, and noise: never a crash, never a read outside of the file, and
  /// whatever is accepted keeps the rules.
  @Test func fuzzedFilesAreRefusedOrKeepTheRules() throws {
    var accepted = 0
    for number in 0..<Self.inputCount {
      var generator = RandomKey(seed: 17).derive(UInt64(number)).generator()
      let bytes = Self.input(&generator)
      let header: SafetensorsHeader
      do {
        header = try SafetensorsHeader(path: "fuzz", fileSize: bytes.count) { count, offset in
          #expect(offset >= 0 && count >= 0 && count <= bytes.count - offset)
          return Array(bytes[offset..<(offset + count)])
        }
      } catch {
        try #require(!error.description.utf8.contains(UInt8(ascii: "\n")))
        continue
      }
      accepted += 1
      try Self.checkRules(header, bytes)
    }
    #expect(accepted > Self.inputCount / 50, "the mutations are too wild to test anything")
    #expect(accepted < Self.inputCount / 2, "the mutations are too tame to test anything")
  }

  /// The rules once more, written independently of the reader.
  private static func checkRules(_ header: SafetensorsHeader, _ bytes: [UInt8]) throws {
    let length = bytes.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << ($1.offset * 8) }
    try #require(header.dataStart == 8 + length)
    // Each byte of the data belongs to exactly one tensor.
    var owners = [Int](repeating: 0, count: bytes.count - header.dataStart)
    for tensor in header.tensors {
      try #require(tensor.elementCount == tensor.shape.reduce(1, *))
      try #require(
        tensor.dataOffsets.count * 8 == tensor.elementCount * tensor.dtype.bitCount)
      for place in tensor.dataOffsets { owners[place] += 1 }
    }
    try #require(owners.allSatisfy { $0 == 1 })
    let names = header.tensors.map { Array($0.name.utf8) }
    try #require(Set(names).count == names.count)
    // Foundation's reader agrees on the members.
    let text = bytes[8..<header.dataStart]
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any])
    try #require(Set(object.keys).subtracting(["__metadata__"]) == Set(header.tensors.map(\.name)))
  }

  // MARK: - Inputs

  private static func input(_ generator: inout KeyedGenerator) -> [UInt8] {
    if generator.bernoulli(0.05) {
      return (0..<generator.uniform(below: 64)).map { _ in
        // Small numbers make the length field plausible.
        generator.bernoulli(0.5) ? 0 : UInt8(truncatingIfNeeded: generator.next())
      }
    }
    var (header, dataCount) = validHeader(&generator)
    let mutationCount = generator.uniform(below: 4)
    for _ in 0..<mutationCount { mutate(&header, &generator) }
    if generator.bernoulli(0.1) { dataCount += generator.uniform(below: 5) - 2 }
    var bytes = fileBytes(header, zeros(max(0, dataCount)))
    if generator.bernoulli(0.05) {
      bytes[generator.uniform(below: 8)] ^= UInt8(1 << generator.uniform(below: 8))
    }
    if generator.bernoulli(0.05) { bytes.removeLast(generator.uniform(below: bytes.count)) }
    return bytes
  }

  private static func validHeader(_ generator: inout KeyedGenerator) -> ([UInt8], Int) {
    var entries: [String] = generator.bernoulli(0.3) ? [#""__metadata__":{"k":"v"}"#] : []
    var end = 0
    for number in 0..<generator.uniform(below: 4) {
      let dtype = DType.allCases[generator.uniform(below: DType.allCases.count)]
      let shape = [generator.uniform(below: 3), 4 * generator.uniform(below: 2), 2].prefix(
        generator.uniform(below: 4))
      let start = end
      end += (shape.reduce(1, *) * dtype.bitCount + 7) / 8
      entries.append(entry("t\(number)", dtype.rawValue, "\(Array(shape))", start, end))
    }
    generator.shuffle(&entries)
    return (Array("{\(entries.joined(separator: ","))}".utf8), end)
  }

  private static let alphabet =
    Array(#"{}[]",:\ 0123456789.-eu_tdsFB"#.utf8) + [0x0A, 0x00, 0x80, 0xC3, 0xFF]
  private static let numbers = ["0", "1", "-1", "4294967296", "9223372036854775807", "1e3", "1.0"]

  private static func mutate(_ header: inout [UInt8], _ generator: inout KeyedGenerator) {
    guard !header.isEmpty else { return }
    let place = generator.uniform(below: header.count)
    let byte = alphabet[generator.uniform(below: alphabet.count)]
    switch generator.uniform(below: 6) {
    case 0: header[place] = byte
    case 1: header.insert(byte, at: place)
    case 2: header.remove(at: place)
    case 3:  // another number
      guard let digit = header[place...].firstIndex(where: { 0x30...0x39 ~= $0 }) else { return }
      let number = numbers[generator.uniform(below: numbers.count)]
      header.replaceSubrange(digit...digit, with: number.utf8)
    case 4:  // a piece twice
      let end = min(header.count, place + 1 + generator.uniform(below: 70))
      header.insert(contentsOf: header[place..<end], at: generator.uniform(below: header.count))
    default:  // spaces
      header.insert(0x20, at: generator.bernoulli(0.5) ? 0 : header.count)
    }
  }
}
