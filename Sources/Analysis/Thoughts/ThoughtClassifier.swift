// Splits responses into thoughts and determines the kind of each, by the rules of a lexicon.
//
// Differences from the published counters, which work on token ids: a thought is stripped of all
// white space around it (SEAL strips spaces, then line ends), and white space alone does not count
// as a thought (there, two separating tokens in a row make an empty execution thought).

/// A lexicon prepared for matching.
public struct ThoughtClassifier: Sendable {
  /// The rules.
  public let lexicon: ThoughtLexicon

  private let phrases: PhraseAutomaton
  private let openings: [(bytes: [UInt8], rank: Int)]
  private let boundaryWords: [[UInt8]]

  /// Prepares a lexicon.
  public init(_ lexicon: ThoughtLexicon) {
    self.lexicon = lexicon
    func folded(_ phrase: String) -> [UInt8] { phrase.utf8.map(lowercase) }
    phrases = PhraseAutomaton(
      lexicon.kinds.enumerated().flatMap { rank, kind in
        kind.contains.map { (folded($0), rank) }
      })
    openings = lexicon.kinds.enumerated().flatMap { rank, kind in
      kind.startsWith.map { (folded($0), rank) }
    }
    if case .words(let words) = lexicon.boundary {
      boundaryWords = words.map(folded)
    } else {
      boundaryWords = []
    }
  }

  /// The thoughts of a response in order.
  public func thoughts(in response: String) -> [Thought] {
    thoughts(in: Array(response.utf8))
  }

  /// The thoughts of a response in UTF-8.
  public func thoughts(in bytes: [UInt8]) -> [Thought] {
    let scope = scope(of: bytes)
    var thoughts: [Thought] = []
    var isFirst = true
    func close(_ range: Range<Int>) {
      defer { isFirst = false }
      if isFirst, !lexicon.countsFirst { return }
      let range = Self.trimmed(bytes, range)
      if !range.isEmpty { thoughts.append(thought(bytes, range)) }
    }
    var start = scope.lowerBound
    if boundaryWords.isEmpty {
      var index = start
      while index < scope.upperBound {
        guard bytes[index] == newline else {
          index += 1
          continue
        }
        let end = index
        var lines = 0
        while index < scope.upperBound, bytes[index] == newline || bytes[index] == carriageReturn {
          if bytes[index] == newline { lines += 1 }
          index += 1
        }
        if lines > 1 {
          close(start..<end)
          start = index
        }
      }
    } else {
      for index in scope where beginsThought(bytes, index, scope) {
        close(start..<index)
        start = index
      }
    }
    close(start..<scope.upperBound)
    return thoughts
  }

  /// The number of thoughts of each kind, in the order of `kindNames`.
  public func counts(of thoughts: [Thought]) -> [Int] {
    var counts = [Int](repeating: 0, count: lexicon.kinds.count + 1)
    for thought in thoughts { counts[thought.kind] += 1 }
    return counts
  }

  // MARK: - Parts

  private func thought(_ bytes: [UInt8], _ range: Range<Int>) -> Thought {
    var kind = lexicon.kinds.count
    var match: Range<Int>?
    for (opening, rank) in openings where rank < kind && Self.holds(bytes, range, opening) {
      kind = rank
      match = range.lowerBound..<range.lowerBound + opening.count
    }
    if kind > 0, let found = phrases.search(bytes, range, below: kind) {
      (kind, match) = (found.rank, found.range)
    }
    return Thought(kind: kind, range: range, match: match)
  }

  /// Whether a whole word of the boundary begins at `index`.
  private func beginsThought(_ bytes: [UInt8], _ index: Int, _ scope: Range<Int>) -> Bool {
    if index > scope.lowerBound, isWordByte(bytes[index - 1]) { return false }
    return boundaryWords.contains { word in
      let end = index + word.count
      return Self.holds(bytes, index..<scope.upperBound, word)
        && (end == scope.upperBound || !isWordByte(bytes[end]))
    }
  }

  /// The part of a response that is in the lexicon's scope.
  private func scope(of bytes: [UInt8]) -> Range<Int> {
    guard lexicon.scope == .thinking else { return bytes.indices }
    let opening = Self.find(thinkStart, in: bytes, from: 0)
    let start = opening.map { $0 + thinkStart.count } ?? 0
    return start..<(Self.find(thinkEnd, in: bytes, from: start) ?? bytes.count)
  }

  /// The first position of a pattern that begins with `<`.
  private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    for index in start..<bytes.count where bytes[index] == pattern[0] {
      if holds(bytes, index..<bytes.count, pattern) { return index }
    }
    return nil
  }

  /// Whether the range opens with a phrase in lower case.
  private static func holds(_ bytes: [UInt8], _ range: Range<Int>, _ phrase: [UInt8]) -> Bool {
    guard phrase.count <= range.count else { return false }
    for offset in phrase.indices
    where lowercase(bytes[range.lowerBound + offset]) != phrase[offset] {
      return false
    }
    return true
  }

  static func trimmed(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high, isSpace(bytes[low]) { low += 1 }
    while low < high, isSpace(bytes[high - 1]) { high -= 1 }
    return low..<high
  }
}

private let newline = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")
private let thinkStart = Array("<think>".utf8)
private let thinkEnd = Array("</think>".utf8)

/// Whether the range has only white space and marks of thinking.
func isEmpty(_ bytes: [UInt8], _ range: Range<Int>) -> Bool {
  let content = bytes[ThoughtClassifier.trimmed(bytes, range)]
  return content.isEmpty || content.elementsEqual(thinkStart) || content.elementsEqual(thinkEnd)
}

/// ASCII white space.
func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

/// A letter, a digit or a part of a character beyond ASCII.
private func isWordByte(_ byte: UInt8) -> Bool {
  switch lowercase(byte) {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...: true
  default: false
  }
}
