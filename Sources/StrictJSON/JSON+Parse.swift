// Reading JSON text into values: the entry points of the scanner.

extension JSON {
  /// The deepest nesting of arrays and objects that is read unless the caller says otherwise.
  public static let defaultMaximumDepth = 64

  /// Reads one JSON value that fills the bytes, with spaces around it allowed.
  ///
  /// Stricter than most readers. In addition to everything that RFC 8259 forbids, it refuses
  /// invalid UTF-8, lone surrogates, equal keys in one object (compared by bytes), numbers beyond
  /// the range of `Double`, a byte order mark and nesting beyond `maximumDepth` (at most 256, so
  /// that no input can exhaust the stack). Integers beyond `Int` become `.real`.
  public static func parse(
    _ bytes: Span<UInt8>, maximumDepth: Int = defaultMaximumDepth
  ) throws(JSONError) -> JSON {
    precondition(1...256 ~= maximumDepth, "maximumDepth must be in 1...256")
    var scanner = JSONScanner(remainingDepth: maximumDepth)
    return try scanner.document(bytes)
  }

  /// Reads one JSON value that fills the array.
  public static func parse(
    _ bytes: [UInt8], maximumDepth: Int = defaultMaximumDepth
  ) throws(JSONError) -> JSON {
    try parse(bytes.span, maximumDepth: maximumDepth)
  }

  /// Reads one JSON value that fills the slice, such as a line of a bigger file, without a copy.
  /// Offsets in errors count from the start of the slice.
  public static func parse(
    _ bytes: ArraySlice<UInt8>, maximumDepth: Int = defaultMaximumDepth
  ) throws(JSONError) -> JSON {
    try parse(bytes.span, maximumDepth: maximumDepth)
  }

  /// Reads one JSON value that fills the text.
  public static func parse(
    _ text: String, maximumDepth: Int = defaultMaximumDepth
  ) throws(JSONError) -> JSON {
    try parse(text.utf8.span, maximumDepth: maximumDepth)
  }

  /// Reads one JSON value that fills the slice, with every number as a string of its text: for digits that
  /// a `Double` cannot hold. Texts that are strings in the file look alike; what a value is, `parse` says.
  public static func numberTexts(
    in bytes: ArraySlice<UInt8>, maximumDepth: Int = defaultMaximumDepth
  ) throws(JSONError) -> JSON {
    precondition(1...256 ~= maximumDepth, "maximumDepth must be in 1...256")
    var scanner = JSONScanner(remainingDepth: maximumDepth, keepsNumberTexts: true)
    return try scanner.document(bytes.span)
  }
}
