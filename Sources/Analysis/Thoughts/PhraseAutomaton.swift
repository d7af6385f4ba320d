// Finds many phrases in one pass over the bytes (Aho and Corasick, CACM 18, 1975).
//
// A regular expression per phrase would read the text a dozen times. The automaton takes one table
// look-up per byte for any number of phrases. Upper case is folded into the table.

/// Phrases with a rank each; a low rank beats a high one.
struct PhraseAutomaton: Sendable {
  private var next: [UInt16]  // (states, 256)
  /// The lowest rank among the phrases that end in a state; `none` if none ends there.
  private var rank: [UInt8]
  /// The length of that phrase.
  private var length: [UInt16]

  private static let none = UInt8.max

  /// An automaton of non-empty phrases; together at most 2¹⁶ − 1 bytes, ranks below 255.
  init(_ phrases: [(bytes: [UInt8], rank: Int)]) {
    let count = phrases.reduce(1) { $0 + $1.bytes.count }
    precondition(count <= Int(UInt16.max), "more phrase bytes than states")
    next = [UInt16](repeating: 0, count: count * 256)
    rank = [UInt8](repeating: Self.none, count: count)
    length = [UInt16](repeating: 0, count: count)
    var states = 1
    // A trie first; 0 means "no child", as no child is the root.
    for (bytes, phraseRank) in phrases {
      precondition(!bytes.isEmpty, "an empty phrase is everywhere")
      var state = 0
      for byte in bytes {
        let place = state << 8 | Int(lowercase(byte))
        if next[place] == 0 {
          next[place] = UInt16(states)
          states += 1
        }
        state = Int(next[place])
      }
      if phraseRank < Int(rank[state]) {
        rank[state] = UInt8(phraseRank)
        length[state] = UInt16(bytes.count)
      }
    }
    complete()
  }

  /// Fills in all 256 transitions of every state, breadth first. The longest proper suffix of a
  /// state that is itself a state is nearer to the root, so it is complete already.
  private mutating func complete() {
    var suffix = [Int](repeating: 0, count: rank.count)
    var queue = [0]
    var head = 0
    while head < queue.count {
      let state = queue[head]
      head += 1
      let shorter = suffix[state]
      if rank[shorter] < rank[state] {
        rank[state] = rank[shorter]
        length[state] = length[shorter]
      }
      for byte in 0..<256 {
        let child = Int(next[state << 8 | byte])
        if child != 0 {
          suffix[child] = state == 0 ? 0 : Int(next[shorter << 8 | byte])
          queue.append(child)
        } else if state != 0 {
          next[state << 8 | byte] = next[shorter << 8 | byte]
        }
      }
    }
    // Texts are not lowercased, so upper case has the same transitions as lower case.
    for state in rank.indices {
      for byte in UInt8(ascii: "A")...UInt8(ascii: "Z") {
        next[state << 8 | Int(byte)] = next[state << 8 | Int(lowercase(byte))]
      }
    }
  }

  /// The first phrase of the lowest rank below `limit`, and its position.
  func search(
    _ bytes: [UInt8], _ range: Range<Int>, below limit: Int
  ) -> (rank: Int, range: Range<Int>)? {
    var best = UInt8(clamping: limit)
    var found: Range<Int>?
    var state = 0
    for index in range {
      state = Int(next[state << 8 | Int(bytes[index])])
      if rank[state] < best {
        best = rank[state]
        found = index + 1 - Int(length[state])..<index + 1
        if best == 0 { break }
      }
    }
    return found.map { (Int(best), $0) }
  }
}

/// Converts ASCII upper case to lower case; every other byte is unchanged.
func lowercase(_ byte: UInt8) -> UInt8 {
  UInt8(ascii: "A") <= byte && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}
