// Units of numbers.

/// The unit of a number and the words with it.
struct AnswerUnit: Hashable {
  var isPercent = false
  /// Known units, and unknown ones in quotients, with powers that are not zero: m/s is m and s⁻¹.
  var powers: [String: Int] = [:]
  /// Other words, without a plural: "red" and "apple", "north", "decrease".
  var words: Set<String> = []

  static let percent = AnswerUnit(isPercent: true)

  /// Whether two numbers with these units may be equal. Most reference answers have lost words, so one side
  /// may have more of them than the other; two different words contradict each other.
  func agrees(with other: AnswerUnit) -> Bool {
    isPercent == other.isPercent && powers == other.powers
      && (words.isSubset(of: other.words) || words.isSuperset(of: other.words))
  }

  /// The product of two units.
  func times(_ other: AnswerUnit) -> AnswerUnit? {
    guard !isPercent, !other.isPercent else { return nil }
    return AnswerUnit(
      powers: powers.merging(other.powers, uniquingKeysWith: +).filter { $0.value != 0 },
      words: words.union(other.words))
  }

  static func named(_ name: String, power: Int = 1) -> AnswerUnit {
    AnswerUnit(powers: definition(of: name).mapValues { $0 * power })
  }

  /// Whether a word of two letters or more is a unit in any position.
  static func isKnown(_ word: String) -> Bool {
    word.utf8.count > 1 && (name(word) != nil || modifiers.contains(word.lowercased()))
  }

  /// Whether a letter is a unit behind a number in prose.
  static func isKnownLetter(_ letter: String) -> Bool {
    letter.utf8.count == 1 && names[letter] != nil
  }

  /// The canonical name of a unit. A single letter has its case: N is no n.
  static func name(_ word: String) -> String? {
    names[word] ?? (word.unicodeScalars.count > 1 ? names[word.lowercased()] : nil)
  }

  /// Whether a word in front of an amount is its currency: USD 5.
  static func isCurrencyCode(_ word: String) -> Bool {
    currencyCodes.contains(word.lowercased()) && word.first?.isUppercase == true
  }

  /// The powers of named units that a name stands for.
  static func definition(of name: String) -> [String: Int] {
    quotients[name].map { [$0.0: 1, $0.1: -1] } ?? [name: 1]
  }

  private static let modifiers: Set<String> = ["percent", "sq"]

  private static let quotients: [String: (String, String)] = [
    "mph": ("mi", "h"), "kph": ("km", "h"), "mpg": ("mi", "gallon"), "fps": ("ft", "s"),
  ]

  private static let currencyCodes: Set<String> = ["usd", "eur", "gbp", "jpy", "cny", "inr", "rs"]

  private static let names: [String: String] = {
    var names: [String: String] = [:]
    for spellings in [
      "m meter meters metre metres", "cm centimeter centimeters centimetre centimetres",
      "mm millimeter millimeters millimetre millimetres",
      "km kilometer kilometers kilometre kilometres", "in inch inches", "ft foot feet",
      "yd yard yards", "mi mile miles", "s sec second seconds", "min minute minutes mins",
      "h hr hrs hour hours", "day days", "week weeks", "month months", "year years yr yrs",
      "kg kilogram kilograms", "g gram grams", "mg milligram milligrams",
      "oz ounce ounces", "l L liter liters litre litres", "ml milliliter milliliters",
      "gallon gallons gal", "mph", "kph kmh", "mpg", "fps", "cent cents ¢", "° degree degrees",
      "°c celsius", "°f fahrenheit", "rad radian radians", "N newton newtons",
      "J joule joules", "W watt watts", "V volt volts", "pa pascal pascals", "hz hertz",
      "mol mole moles", "ohm ohms", "kwh", "kj", "kw", "kpa", "dollar dollars usd $ buck bucks",
      "€ euro euros eur", "¥ yen jpy", "yuan cny rmb", "₹ rupee rupees inr rs",
      // The word is a weight and a currency.
      "pound pounds lb lbs £ gbp",
    ] {
      let words = spellings.split(separator: " ").map(String.init)
      for word in words { names[word] = words[0] }
    }
    return names
  }()
}
