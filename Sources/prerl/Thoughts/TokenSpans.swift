// The positions of a response's tokens in its text.
import Tasks

enum TokenSpans {
  /// The byte at which each token starts; nil if tokens and text do not match.
  ///
  /// `decode` gives the text of some tokens. If a character consists of several tokens, each of
  /// them starts at that character. Tokens after the text, such as an end token that the text
  /// omits, start at its end. White space between words is skipped, since word-level tokenizers
  /// omit it.
  static func starts(
    of tokens: [Int32], in bytes: [UInt8], decode: ([Int32]) throws -> String
  ) rethrows -> [Int]? {
    var starts: [Int] = []
    var position = 0
    var pending: [Int32] = []
    for token in tokens {
      starts.append(position)
      pending.append(token)
      let piece = Array(try decode(pending).utf8)
      var start = position
      while !holds(bytes, piece, at: start), start < bytes.count, isSpace(bytes[start]) {
        start += 1
      }
      if holds(bytes, piece, at: start) {
        for place in starts.count - pending.count..<starts.count { starts[place] = start }
        position = start + piece.count
        pending = []
      } else if pending.count > mostPartsOfACharacter, position < bytes.count {
        return nil
      }
    }
    return bytes[position...].allSatisfy(isSpace) ? starts : nil
  }

  /// The bytes at which the words of the embedded task start in their text.
  static func countdownStarts(_ tokens: [Int32]) -> [Int] {
    var offset = 0
    return tokens.map { token in
      defer { offset += CountdownVocabulary.text(of: [token]).utf8.count + 1 }
      return offset
    }
  }

  /// A character has at most four bytes and a token at least one; some normalisers add a few
  /// tokens.
  private static let mostPartsOfACharacter = 8

  private static func holds(_ bytes: [UInt8], _ piece: [UInt8], at start: Int) -> Bool {
    bytes.count - start >= piece.count && bytes[start..<start + piece.count].elementsEqual(piece)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }
}
