// The names that the lexer of answers recognises.

extension AnswerLexer {
  static let spaces: Set<String> = [
    "quad", "qquad", "thinspace", "medspace", "thickspace", "enspace", "space", "nobreakspace",
  ]

  static let sizes: Set<String> = [
    "left", "right", "middle", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr",
    "biggl", "biggr", "Biggl", "Biggr", "bigm", "Bigm", "displaystyle", "textstyle",
    "scriptstyle", "limits", "nolimits",
  ]

  /// Commands whose argument is words.
  static let texts: Set<String> = [
    "text", "textbf", "textit", "textrm", "textsf", "texttt", "textnormal", "mathrm", "mbox",
    "hbox", "operatorname", "emph",
  ]

  /// Commands that change only the appearance of their argument.
  static let styles: Set<String> = [
    "mathbf", "mathit", "mathsf", "mathtt", "boldsymbol", "bm", "rm", "bf", "it", "boxed", "fbox",
    "ensuremath", "underline",
  ]

  /// Commands that are removed together with their argument.
  static let dropped: Set<String> = [
    "hspace", "vspace", "phantom", "hphantom", "vphantom", "color", "textcolor", "label", "tag",
  ]

  static let symbolCommands: [String: String] = [
    "times": "*", "cdot": "*", "ast": "*", "div": "/", "lt": "<", "gt": ">", "degree": "°",
    "degrees": "°", "textdegree": "°", "lbrack": "[", "rbrack": "]", "colon": ":",
    "lvert": "|", "rvert": "|", "vert": "|",
  ]

  static let aliases: [String: String] = [
    "dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "dbinom": "binom", "tbinom": "binom",
    "leq": "le", "leqslant": "le", "geq": "ge", "geqslant": "ge", "neq": "ne", "infin": "infty",
    "lbrace": "{", "rbrace": "}", "varnothing": "emptyset", "ldots": "dots", "cdots": "dots",
    "textdollar": AnswerToken.currency, "dollar": AnswerToken.currency, "euro": "€",
    "texteuro": "€", "pounds": "£", "textsterling": "£", "yen": "¥", "textyen": "¥",
    "thickapprox": "approx", "simeq": "approx", "doteq": "approx", "ohm": "Omega",
  ]

  /// Words that mean a command outside of TeX.
  static let plainCommands: [String: String] = [
    "pi": "pi", "sqrt": "plainroot", "cbrt": "plaincuberoot", "inf": "infty", "infinity": "infty",
    "infty": "infty",
  ]

  static let unicode: [Unicode.Scalar: (AnswerToken.Kind, String)] = [
    "\u{2212}": (.symbol, "-"), "\u{2013}": (.symbol, "-"), "\u{2010}": (.symbol, "-"),
    "\u{2011}": (.symbol, "-"), "\u{FE63}": (.symbol, "-"), "×": (.symbol, "*"),
    "·": (.symbol, "*"), "⋅": (.symbol, "*"), "÷": (.symbol, "/"), "°": (.symbol, "°"),
    "：": (.symbol, ":"), "，": (.symbol, ","), "π": (.command, "pi"), "√": (.command, "plainroot"),
    "∞": (.command, "infty"), "±": (.command, "pm"), "∪": (.command, "cup"),
    "∩": (.command, "cap"), "≤": (.command, "le"), "≥": (.command, "ge"), "≠": (.command, "ne"),
    "∅": (.command, "emptyset"), "∈": (.command, "in"), "θ": (.command, "theta"),
    "α": (.command, "alpha"), "≈": (.command, "approx"), "∓": (.command, "mp"),
    "∛": (.command, "plaincuberoot"), "Ω": (.command, "Omega"), "\u{2126}": (.command, "Omega"),
    "µ": (.command, "mu"), "μ": (.command, "mu"), "…": (.command, "dots"), "⁄": (.symbol, "/"),
    "∠": (.command, "angle"), "≅": (.command, "approx"), "⌊": (.command, "lfloor"),
    "⌋": (.command, "rfloor"), "⌈": (.command, "lceil"), "⌉": (.command, "rceil"),
  ]

  static let superscripts: [Unicode.Scalar: String] = [
    "⁰": "0", "¹": "1", "²": "2", "³": "3", "⁴": "4", "⁵": "5", "⁶": "6", "⁷": "7", "⁸": "8",
    "⁹": "9", "⁻": "-", "⁺": "+",
  ]

  static let subscripts: [Unicode.Scalar: String] = [
    "₀": "0", "₁": "1", "₂": "2", "₃": "3", "₄": "4", "₅": "5", "₆": "6", "₇": "7", "₈": "8",
    "₉": "9",
  ]

  /// The letter, sign or digit that a full-width or other form of it stands for.
  static func plain(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    if scalar.isASCII { return scalar }
    if 0xFF01...0xFF5E ~= scalar.value, let ascii = Unicode.Scalar(scalar.value - 0xFEE0) {
      return ascii
    }
    if scalar.properties.numericType == .decimal, let digit = scalar.properties.numericValue,
      let ascii = Unicode.Scalar(0x30 + UInt32(digit))
    {
      return ascii
    }
    return scalar
  }

  /// The digits of a fraction such as ½ or ⅞.
  static func vulgarFraction(_ scalar: Unicode.Scalar) -> (String, String)? {
    guard scalar.properties.numericType == .numeric, let value = scalar.properties.numericValue,
      0 < value, value < 1
    else { return nil }
    for denominator in 2...10 {
      let numerator = (value * Double(denominator)).rounded()
      // The property is the quotient in floating point.
      if numerator / Double(denominator) == value { return ("\(Int(numerator))", "\(denominator)") }
    }
    return nil
  }

  /// Marks without width.
  static let ignored: Set<Unicode.Scalar> = ["\u{200B}", "\u{2060}", "\u{FEFF}"]

  static let separators: [[Unicode.Scalar]] = [
    "{,}", ",\\!", "\\,", "{\\,}", "\u{A0}", "\u{2009}", "\u{202F}",
  ].map { (text: String) in Array(text.unicodeScalars) }
}
