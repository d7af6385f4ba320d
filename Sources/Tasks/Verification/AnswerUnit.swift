// Units after numbers.

/// The unit of a number. Most reference answers have lost their unit, so a number with a unit
/// equals the bare number; two known units must agree.
enum AnswerUnit: Hashable {
  case percent
  /// A unit of the table, by its canonical name.
  case known(String)

  /// The meaning of the words after a number.
  enum Reading {
    case unit(AnswerUnit)
    /// A word such as "apples" that does not affect the number.
    case ignored
    /// A factor such as "million".
    case factor(Int128)
    /// Words that may change the number's meaning.
    case unclear
  }

  /// Reads words such as `square inches`, `cm^2` or `apples`, split at spaces.
  static func read(_ words: [String]) -> Reading {
    let words = words.map { $0.lowercased() }
    if words == ["%"] || words == ["percent"] { return .unit(.percent) }
    if words.count == 1, let factor = factors[words[0]] { return .factor(factor) }
    if let name = name(words) { return .unit(.known(name)) }
    let isHarmless = words.allSatisfy { word in
      factors[word] == nil && !unclear.contains(word) && word != "%"
    }
    return isHarmless && words.count <= 4 ? .ignored : .unclear
  }

  /// Whether a word of two letters or more is a unit in any position.
  static func isKnown(_ word: String) -> Bool {
    word.utf8.count > 1 && name([word.lowercased()]) != nil
      || ["percent", "sq"].contains(word.lowercased())
  }

  private static func name(_ words: [String]) -> String? {
    if words.count == 2, let power = ["square": "^2", "sq": "^2", "cubic": "^3"][words[0]] {
      return names[words[1]].map { $0 + power }
    }
    guard words.count == 1, let word = words.first else { return nil }
    if word.hasSuffix("^2") || word.hasSuffix("^3") {
      return names[String(word.dropLast(2))].map { $0 + word.suffix(2) }
    }
    return names[word]
  }

  private static let factors: [String: Int128] = [
    "dozen": 12, "hundred": 100, "thousand": 1000, "million": 1_000_000,
    "billion": 1_000_000_000, "trillion": 1_000_000_000_000,
  ]

  private static let unclear: Set<String> = [
    "or", "and", "not", "no", "more", "less", "fewer", "least", "most", "than", "over", "under",
    "about", "to", "times", "plus", "minus", "if", "when", "where", "for", "mod", "base", "per",
    "am", "pm", "is", "but", "except", "half", "halves", "quarter", "quarters", "third", "thirds",
    "dozens", "hundreds", "thousands", "millions", "billions",
  ]

  private static let names: [String: String] = {
    var names: [String: String] = [:]
    for spellings in [
      "m meter meters metre metres", "cm centimeter centimeters centimetre centimetres",
      "mm millimeter millimeters millimetre millimetres",
      "km kilometer kilometers kilometre kilometres", "in inch inches", "ft foot feet",
      "yd yard yards", "mi mile miles", "s sec second seconds", "min minute minutes mins",
      "h hr hrs hour hours", "day days", "week weeks", "month months", "year years yr yrs",
      "kg kilogram kilograms", "g gram grams", "mg milligram milligrams", "lb lbs pound pounds",
      "oz ounce ounces", "l liter liters litre litres", "ml milliliter milliliters",
      "gallon gallons", "mph", "dollar dollars usd", "cent cents", "euro euros", "° degree degrees",
      "°c", "°f", "rad radian radians",
    ] {
      let words = spellings.split(separator: " ").map(String.init)
      for word in words { names[word] = words[0] }
    }
    return names
  }()
}
