// Finds added tokens in a text: the leftmost one, and of those that start there the longest.

/// A trie of the tokens' bytes, searched from every byte that may start one.
struct AddedTokenMatcher: Sendable {
  /// A part of a text: an added token, or text that is left to the model.
  struct Piece {
    let range: Range<Int>
    let token: Int32?
  }

  private let tokens: [AddedToken]
  /// The child of a node for a byte, by `node << 8 | byte`; the root is node 0.
  private var children: [Int: Int] = [:]
  /// The index of the token that ends at a node, or -1.
  private var tokenAtNode: [Int] = [-1]
  private var isFirstByte = [Bool](repeating: false, count: 256)

  /// The tokens in the order of their rank among equals, with the bytes that stand for each.
  init(_ tokens: [(token: AddedToken, bytes: [UInt8])]) {
    self.tokens = tokens.map(\.token)
    for (index, (_, bytes)) in tokens.enumerated() {
      guard let first = bytes.first else { continue }
      isFirstByte[Int(first)] = true
      var node = 0
      for byte in bytes {
        let edge = node << 8 | Int(byte)
        if let child = children[edge] {
          node = child
        } else {
          node = tokenAtNode.count
          children[edge] = node
          tokenAtNode.append(-1)
        }
      }
      if tokenAtNode[node] < 0 { tokenAtNode[node] = index }
    }
  }

  /// The pieces of a text in order. White space is absorbed by Hugging Face's rules, also for
  /// tokens that are white space themselves, in which case a piece may overlap the one before.
  ///
  /// - Complexity: O(bytes), times the longest token if the text is full of its prefixes.
  func pieces(of text: [UInt8]) -> [Piece] {
    if tokens.isEmpty { return text.isEmpty ? [] : [Piece(range: 0..<text.count, token: nil)] }
    var pieces: [Piece] = []
    var textStart = 0
    var index = 0
    // Where tokens are white space themselves, the same run is not walked again for each of them.
    var spaces = 0..<0
    while let (match, found) = firstMatch(in: text, from: index) {
      index = match.upperBound
      let token = tokens[found]
      if token.isSingleWord {
        let touches =
          match.lowerBound > 0 && text.scalar(endingAt: match.lowerBound).isWordCharacter
          || match.upperBound < text.count && text.scalar(at: match.upperBound).isWordCharacter
        if touches { continue }
      }
      var start = match.lowerBound
      var end = match.upperBound
      if token.stripsLeft {
        // Skips white space that an earlier token absorbed.
        while start > textStart, case let scalar = text.scalar(endingAt: start),
          scalar.properties.isWhitespace
        {
          start -= UTF8.width(scalar)
        }
        start = max(start, textStart)
      }
      if token.stripsRight {
        let spaceStart = end
        if spaces.contains(end) { end = spaces.upperBound }
        while end < text.count, case let scalar = text.scalar(at: end),
          scalar.properties.isWhitespace
        {
          end += UTF8.width(scalar)
        }
        spaces = spaceStart..<end
      }
      // A token that is white space itself is skipped if an earlier one absorbed it.
      guard start < end else { continue }
      if textStart < start { pieces.append(Piece(range: textStart..<start, token: nil)) }
      pieces.append(Piece(range: start..<end, token: token.id))
      textStart = end
    }
    if textStart < text.count { pieces.append(Piece(range: textStart..<text.count, token: nil)) }
    return pieces
  }

  /// The bytes and the index of the first token at or after `start`.
  private func firstMatch(in text: [UInt8], from start: Int) -> (Range<Int>, Int)? {
    for index in start..<text.count where isFirstByte[Int(text[index])] {
      var node = 0
      var longest: (Range<Int>, Int)?
      for end in index..<text.count {
        guard let child = children[node << 8 | Int(text[end])] else { break }
        node = child
        if tokenAtNode[node] >= 0 { longest = (index..<end + 1, tokenAtNode[node]) }
      }
      if let longest { return longest }
    }
    return nil
  }
}
