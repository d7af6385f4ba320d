// The regular expressions that split text into words, each as a scanner written by hand.

/// The patterns of the families of byte-level tokenizers, recognised by their exact text.
///
/// Matching is Oniguruma's: alternatives in their order, greedy, the tables of Unicode 16. The
/// alternatives cover every text, so that there are no gaps between words.
enum SplitPattern: Sendable {
  case gpt2
  /// One digit per word.
  case qwen2
  /// Up to three digits per word.
  case llama3

  /// The pattern of a `Split` pre-tokenizer; GPT-2's is built into `ByteLevel`.
  init?(regex: String) {
    let (start, end) = (
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"#,
      #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    )
    let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    // The patterns are ASCII, for which == compares bytes.
    switch regex {
    case start + #"\p{N}"# + end: self = .qwen2
    case start + #"\p{N}{1,3}"# + end: self = .llama3
    case gpt2: self = .gpt2
    default: return nil
    }
  }

  /// Where the word that starts at `start` ends; `end` is the end of the text.
  ///
  /// - Complexity: O(word), plus the rest of a run of white space, which is looked at three times
  ///   at most.
  @inline(__always)
  func wordEnd(in text: [UInt8], from start: Int, to end: Int) -> Int {
    self == .gpt2
      ? Self.gpt2WordEnd(text, start, end)
      : Self.modernWordEnd(text, start, end, digitCount: self == .qwen2 ? 1 : 3)
  }

  // MARK: - The two scanners

  /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
  private static func gpt2WordEnd(_ text: [UInt8], _ start: Int, _ end: Int) -> Int {
    if let contraction = contractionEnd(text, start, end, ignoringCase: false) {
      return contraction
    }
    let body = text[start] == 0x20 && start + 1 < end ? start + 1 : start
    switch ScalarClass(text.scalar(at: body)) {
    case .letter: return runEnd(of: .letter, text, body, end)
    case .number: return runEnd(of: .number, text, body, end)
    case .other: return runEnd(of: .other, text, body, end)
    case .space, .lineBreak: return spaceEnd(text, start, end).word
    }
  }

  /// `(?i:'s|…|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,n}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|`
  /// `\s+(?!\S)|\s+`
  private static func modernWordEnd(
    _ text: [UInt8], _ start: Int, _ end: Int, digitCount: Int
  ) -> Int {
    if let contraction = contractionEnd(text, start, end, ignoringCase: true) {
      return contraction
    }
    let first = text.scalar(at: start)
    let next = start + UTF8.width(first)
    switch ScalarClass(first) {
    case .letter:
      return runEnd(of: .letter, text, next, end)
    case .number:
      return runEnd(of: .number, text, next, end, limit: digitCount - 1)
    case .other:
      if next < end, ScalarClass(text.scalar(at: next)) == .letter {
        return runEnd(of: .letter, text, next, end)
      }
      return symbolEnd(text, next, end)
    case .space:
      if next < end {
        let second = ScalarClass(text.scalar(at: next))
        if second == .letter { return runEnd(of: .letter, text, next, end) }
        if second == .other, first == " " { return symbolEnd(text, next, end) }
      }
    case .lineBreak:
      break
    }
    let space = spaceEnd(text, start, end)
    return space.lastLineBreak ?? space.word
  }

  // MARK: - Parts of the patterns

  /// The end of `'s|'t|'re|'ve|'m|'ll|'d`. Without case, Oniguruma takes U+017F for an s.
  @inline(__always)
  private static func contractionEnd(
    _ text: [UInt8], _ start: Int, _ end: Int, ignoringCase: Bool
  ) -> Int? {
    guard text[start] == UInt8(ascii: "'"), start + 1 < end else { return nil }
    let mask: UInt8 = ignoringCase ? 0x20 : 0
    let first = text[start + 1] | mask
    switch first {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
      return start + 2
    default: break
    }
    guard start + 2 < end else { return nil }
    switch (first, text[start + 2] | mask) {
    case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
      (UInt8(ascii: "l"), UInt8(ascii: "l")):
      return start + 3
    default:
      let isLongS = ignoringCase && text[start + 1] == 0xC5 && text[start + 2] == 0xBF
      return isLongS ? start + 3 : nil
    }
  }

  /// The end of a run of one class, at most `limit` scalars long.
  @inline(__always)
  private static func runEnd(
    of kind: ScalarClass, _ text: [UInt8], _ start: Int, _ end: Int, limit: Int = .max
  ) -> Int {
    var index = start
    var count = 0
    while index < end, count < limit {
      let scalar = text.scalar(at: index)
      guard ScalarClass(scalar) == kind else { break }
      index += UTF8.width(scalar)
      count += 1
    }
    return index
  }

  /// The end of `[^\s\p{L}\p{N}]*[\r\n]*`.
  private static func symbolEnd(_ text: [UInt8], _ start: Int, _ end: Int) -> Int {
    var index = runEnd(of: .other, text, start, end)
    while index < end, text[index] == 0x0A || text[index] == 0x0D { index += 1 }
    return index
  }

  /// In a run of white space, the end of `\s+(?!\S)|\s+`, which leaves the last scalar to the next
  /// word, and of `\s*[\r\n]+`.
  private static func spaceEnd(
    _ text: [UInt8], _ start: Int, _ end: Int
  ) -> (word: Int, lastLineBreak: Int?) {
    var index = start
    var last = start
    var lastLineBreak: Int?
    scan: while index < end {
      let scalar = text.scalar(at: index)
      let next = index + UTF8.width(scalar)
      switch ScalarClass(scalar) {
      case .lineBreak: lastLineBreak = next
      case .space: break
      default: break scan
      }
      last = index
      index = next
    }
    return (index == end || last == start ? index : last, lastLineBreak)
  }
}
