// What is wrong with one line, before it is known which line of which file it is.

/// One line that says what is wrong, and in parentheses what was expected.
package struct LineFault: Error, Equatable {
  package let message: String

  init(_ message: String) {
    self.message = message
  }
}
