// The words behind a number: units, factors, and words that change the number.

extension AnswerUnit {
  /// A word behind a number, with its power.
  struct Word: Hashable {
    var text: String
    var power = 1
    /// Whether it is behind a slash or "per".
    var isBelow = false
    /// Whether a sign of multiplication is in front of it.
    var isFactor = false
    /// Whether there is no space between the number and it.
    var isAttached = false
  }

  /// What the words do to the number.
  struct Reading: Hashable {
    /// A factor such as that of "million" or "tenths".
    var factor = Rational.one
    /// 2 of "squared".
    var power = 1
    var isFactorial = false
    /// Nil without words.
    var unit: AnswerUnit?
  }

  /// Reads the words behind a number; nil for words that may change the number's meaning.
  static func read(_ words: [Word]) -> Reading? {
    var reading = Reading()
    var rest = words[...]
    while let first = rest.first, first.isPlain, let factor = factor(first.text.lowercased()),
      let product = try? reading.factor * factor
    {
      reading.factor = product
      rest.removeFirst()
      if rest.first?.text.lowercased() == "of" { rest.removeFirst() }
    }
    if rest.count == 1, words.count == 1, let word = rest.first, word.isPlain {
      switch word.text.lowercased() {
      case "squared": return Reading(power: 2)
      case "cubed": return Reading(power: 3)
      case "factorial": return Reading(isFactorial: true)
      default: break
      }
    }
    if rest.isEmpty { return reading }
    if isPercent(rest) {
      guard isHarmless(rest.dropFirst(), atMost: 4) else { return nil }
      reading.unit = .percent
      reading.unit?.words = Set(rest.dropFirst().map { singular($0.text) })
      return reading
    }
    let joined = joiningModifiers(rest)
    guard isHarmless(joined[...], atMost: 6) else { return nil }
    if joined.contains(where: { !$0.isPlain }) {
      reading.unit = product(joined)
    } else if joined.count <= 4 {
      reading.unit = described(joined)
    } else {
      return nil
    }
    return reading
  }

  /// Words that never belong to a unit.
  static func isUnclear(_ word: String) -> Bool { unclear.contains(word.lowercased()) }

  // MARK: - Parts

  private static func isPercent(_ words: ArraySlice<Word>) -> Bool {
    guard let first = words.first, first.power == 1 else { return false }
    let text = first.text.lowercased()
    // "per cent" is a cent below.
    return first.isBelow
      ? text == "cent" && words.count == 1
      : text == "%" || text == "percent" || text == "pct"
  }

  private static func isHarmless(_ words: ArraySlice<Word>, atMost count: Int) -> Bool {
    words.count <= count
      && words.enumerated().allSatisfy { index, word in
        let text = word.text.lowercased()
        if text == "%" || unclear.contains(text) || factor(text) != nil { return false }
        if name(text) != nil { return true }
        // The th of 5th and the k of 5k.
        if word.isAttached, text.unicodeScalars.count <= 2 { return false }
        // A lone participle is an operation: doubled, halved. So is a lone ordinal.
        let isLone = words.count == 1 && index == 0
        return !text.hasSuffix("ths") && !(isLone && text.utf8.count >= 5 && text.hasSuffix("ed"))
      }
  }

  /// "square", "cubic" and "degrees" joined with the word that they belong to.
  private static func joiningModifiers(_ words: ArraySlice<Word>) -> [Word] {
    var joined: [Word] = []
    var pending: Word?
    for var word in words {
      let text = word.text.lowercased()
      if let modifier = pending {
        pending = nil
        if modifier.text == "°", let scale = temperature(text) {
          word.text = scale
        } else if let power = powers[modifier.text.lowercased()], name(text) != nil {
          word.power *= power
        } else {
          joined.append(modifier)
        }
        word.isBelow = modifier.isBelow
        word.isFactor = modifier.isFactor
      }
      if powers[text] != nil || name(text) == "°" {
        pending = word
        if name(text) == "°" { pending?.text = "°" }
      } else {
        joined.append(word)
      }
    }
    return pending.map { joined + [$0] } ?? joined
  }

  private static func temperature(_ word: String) -> String? {
    ["c": "°c", "celsius": "°c", "f": "°f", "fahrenheit": "°f"][word]
  }

  /// Words in a row: known units are multiplied, as in N m, and "an hour" is per hour.
  private static func described(_ words: [Word]) -> AnswerUnit {
    var unit = AnswerUnit()
    var isBelow = false
    for (place, word) in words.enumerated() {
      let text = word.text.lowercased()
      // "in" is a preposition beside another word.
      if let name = name(word.text), text != "in" || words.count == 1 {
        unit = unit.times(.named(name, power: isBelow ? -1 : 1)) ?? unit
      } else if !fillers.contains(text) {
        unit.words.insert(singular(text))
      }
      isBelow = place > 0 && (text == "a" || text == "an")
    }
    return unit
  }

  /// A word in small letters without the s of a plural.
  private static func singular(_ word: String) -> String {
    let word = word.lowercased()
    return word.utf8.count > 3 && word.hasSuffix("s") ? String(word.dropLast()) : word
  }

  /// Words that say nothing of the number.
  private static let fillers: Set<String> = [
    "a", "an", "the", "of", "in", "each", "total", "altogether", "all",
  ]

  /// The product of units. Words that are no known unit keep their own name, without a plural.
  private static func product(_ words: [Word]) -> AnswerUnit {
    var unit = AnswerUnit()
    for word in words {
      var name = name(word.text) ?? (word.text.utf8.count > 2 ? word.text.lowercased() : word.text)
      if self.name(name) == nil, name.utf8.count > 3, name.hasSuffix("s") { name.removeLast() }
      unit = unit.times(.named(name, power: word.isBelow ? -word.power : word.power)) ?? unit
    }
    return unit
  }

  private static func factor(_ word: String) -> Rational? {
    if let factor = factors[word] { return Rational(factor) }
    let singular = word.hasSuffix("s") ? String(word.dropLast()) : word
    if word == "halves" { return .half }
    return parts[singular].flatMap { try? Rational(1, over: $0) }
  }

  private static let powers = ["square": 2, "sq": 2, "cubic": 3]

  private static let factors: [String: Int128] = [
    "dozen": 12, "hundred": 100, "thousand": 1000, "million": 1_000_000,
    "billion": 1_000_000_000, "trillion": 1_000_000_000_000,
    "quadrillion": 1_000_000_000_000_000, "lakh": 100_000, "crore": 10_000_000, "grand": 1000,
  ]

  private static let parts: [String: Int128] = [
    "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12,
    "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17,
    "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30, "fortieth": 40,
    "fiftieth": 50, "sixtieth": 60, "seventieth": 70, "eightieth": 80, "ninetieth": 90,
    "hundredth": 100,
    "thousandth": 1000, "millionth": 1_000_000, "billionth": 1_000_000_000,
  ]

  private static let unclear: Set<String> = [
    "or", "and", "not", "no", "more", "less", "fewer", "least", "most", "than", "over", "under",
    "about", "to", "times", "plus", "minus", "if", "when", "where", "for", "mod", "modulo", "base",
    "am", "pm", "is", "are", "but", "except", "half", "quarter", "quarters", "root", "dozens",
    "hundreds", "thousands", "millions", "billions", "gross", "score", "below", "above", "short",
    "power", "remainder", "reciprocal", "inverse", "double", "twice", "triple", "thrice", "and/or",
    "point", "factorial", "choose", "divided", "multiplied", "squared", "cubed", "negative",
    "positive", "without", "never", "none", "mil", "mille", "permil", "permille", "basis", "tens",
    "pair", "recurring", "repeating", "debt",
  ]
}

extension AnswerUnit.Word {
  /// Whether it has neither a power nor an operation.
  var isPlain: Bool { power == 1 && !isBelow && !isFactor }
}
