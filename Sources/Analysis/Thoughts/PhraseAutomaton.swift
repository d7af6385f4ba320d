// Finds many phrases in one pass over the bytes (Aho and Corasick, CACM 18, 1975).
//
// A regular expression per phrase would read the text a dozen times. The automaton costs one table
// look-up a byte, whatever the number of phrases; upper case is folded into the table.

/// Phrases with a rank each; a low rank beats a high one.
struct PhraseAutomaton: Sendable {
  private var next: [UInt16]  // (states, 256)
  /// The lowest rank among the phrases that end in a state; `none` where none does.
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

  /// Gives every state all 256 followers, breadth first: a state's longest proper suffix that is a
  /// state itself lies nearer to the root and is complete already.
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
    // Texts come as they are: upper case goes where lower case goes.
    for state in rank.indices {
      for byte in UInt8(ascii: "A")...UInt8(ascii: "Z") {
        next[state << 8 | Int(byte)] = next[state << 8 | Int(lowercase(byte))]
      }
    }
  }

  /// The first phrase of the lowest rank below `limit`, and where it stands.
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

/// ASCII upper case to lower case; every other byte as it is.
func lowercase(_ byte: UInt8) -> UInt8 {
  UInt8(ascii: "A") <= byte && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
}
