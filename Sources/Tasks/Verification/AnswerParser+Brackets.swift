// Brackets, bars and separators in the tokens of an answer.

extension AnswerParser {
  /// The partners of brackets, where `(` and `[` may each close with `)` or `]`, as in half-open
  /// intervals; nil if they do not match.
  static func partners(in tokens: [AnswerToken]) -> [Int: Int]? {
    var partners: [Int: Int] = [:]
    var open: [(index: Int, kind: Int)] = []
    for (index, token) in tokens.enumerated() {
      guard let (kind, isOpening) = bracket(token) else { continue }
      if isOpening {
        open.append((index, kind))
      } else {
        guard let last = open.popLast(), last.kind == kind else { return nil }
        partners[last.index] = index
      }
    }
    return open.isEmpty ? partners : nil
  }

  private static func bracket(_ token: AnswerToken) -> (kind: Int, isOpening: Bool)? {
    switch (token.kind, token.text) {
    case (.symbol, "("), (.symbol, "["): (0, true)
    case (.symbol, ")"), (.symbol, "]"): (0, false)
    case (.symbol, "{"): (1, true)
    case (.symbol, "}"): (1, false)
    case (.command, "{"): (2, true)
    case (.command, "}"): (2, false)
    case (.command, "leftbar"): (3, true)
    case (.command, "rightbar"): (3, false)
    case (.command, "lfloor"): (4, true)
    case (.command, "rfloor"): (4, false)
    case (.command, "lceil"): (5, true)
    case (.command, "rceil"): (5, false)
    case (.command, "langle"): (6, true)
    case (.command, "rangle"): (6, false)
    default: nil
    }
  }

  /// Joins `12,441,600` outside of brackets: one to three digits and then groups of three, without
  /// spaces. A run such as `1,123,5` stays a list.
  static func joiningThousands(_ tokens: [AnswerToken]) -> [AnswerToken] {
    var joined: [AnswerToken] = []
    var depth = 0
    var index = 0
    while index < tokens.count {
      var token = tokens[index]
      index += 1
      if let (_, isOpening) = bracket(token) { depth += isOpening ? 1 : -1 }
      if depth == 0, token.kind == .number {
        var text = token.text
        var isThousands = 1...3 ~= text.utf8.count && !text.contains(".") && text.first != "0"
        var end = index
        while end + 1 < tokens.count, tokens[end].isSymbol(","), !tokens[end].hasSpace,
          tokens[end + 1].kind == .number, !tokens[end + 1].hasSpace
        {
          let group = tokens[end + 1].text.split(separator: ".", maxSplits: 1)
          let isGroup = group[0].utf8.count == 3 || tokens[end + 1].isGrouped
          isThousands = isThousands && !text.contains(".") && isGroup
          text += tokens[end + 1].text
          end += 2
        }
        if end > index {
          if isThousands {
            token = AnswerToken(kind: .number, text: text, hasSpace: token.hasSpace)
          } else {
            joined += tokens[(index - 1)..<(end - 1)]
            token = tokens[end - 1]
          }
          index = end
        }
      }
      joined.append(token)
    }
    return joined
  }

  /// The bars of absolute values as brackets: within each pair of other brackets the first bar opens
  /// and the next one closes. An odd number of bars is left alone.
  static func pairingBars(_ tokens: [AnswerToken]) -> [AnswerToken] {
    var paired = tokens
    var bars: [[Int]] = [[]]
    func close(_ level: [Int]) {
      guard level.count % 2 == 0 else { return }
      for (number, index) in level.enumerated() {
        paired[index] = AnswerToken(
          kind: .command, text: number % 2 == 0 ? "leftbar" : "rightbar",
          hasSpace: tokens[index].hasSpace)
      }
    }
    for (index, token) in tokens.enumerated() {
      if token.isSymbol("|") {
        bars[bars.count - 1].append(index)
      } else if let (_, isOpening) = bracket(token) {
        if isOpening {
          bars.append([])
        } else if bars.count > 1, let level = bars.popLast() {
          close(level)
        }
      }
    }
    for level in bars { close(level) }
    return paired
  }
}
