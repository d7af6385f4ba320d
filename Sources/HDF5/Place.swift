// Where in which file an operation happens, and the one function that checks a return code.
import CHDF5

struct Place: Sendable {
  let path: String
  /// `/group/dataset` or `/group/dataset@attribute`; nil for the file itself.
  var object: String?

  func error(
    _ message: String, systemError: CInt? = nil, isWriting: Bool = false
  ) -> HDF5Error {
    HDF5Error(
      path: path, object: object, message: message, systemError: systemError, isWriting: isWriting)
  }

  /// Returns `code`; if it is negative, throws the error of this thread's error stack.
  @discardableResult
  func check<Code: SignedInteger>(
    _ code: Code, _ failure: @autoclosure () -> String
  ) throws(HDF5Error) -> Code {
    guard code < 0 else { return code }
    var stack: [String] = []  // from the function that was called down to the cause
    withUnsafeMutablePointer(to: &stack) { client in
      _ = H5Ewalk2(
        chdf5_error_stack(), H5E_WALK_DOWNWARD,
        { _, entry, client in
          guard let description = entry?.pointee.desc, let client else { return 0 }
          client.assumingMemoryBound(to: [String].self).pointee.append(String(cString: description))
          return 0
        }, client)
    }
    if let systemError = stack.lazy.reversed().compactMap(Self.systemError(in:)).first {
      throw error("\(failure()) (\(describe(systemError)))", systemError: systemError)
    }
    if let bottom = stack.last, bottom.contains("file signature not found") {
      throw error("\(failure()) (it is not an HDF5 file)")
    }
    // The top and the bottom of the stack say what was tried and why it failed; the rest repeats
    // both.
    let ends = stack.count > 1 ? [stack[0], stack[stack.count - 1]] : stack
    throw error(ends.isEmpty ? failure() : "\(failure()) (\(ends.joined(separator: "; ")))")
  }

  /// The number in "…, errno = 28, error message = …", which the file drivers write. The last one
  /// counts, as a file's name may hold the same words.
  private static func systemError(in description: String) -> CInt? {
    let key = "errno = "
    var rest = description[...]
    var found: CInt?
    while let next = rest.firstRange(of: key) {
      rest = rest[next.upperBound...]
      let digits = rest.prefix(while: \.isNumber)
      if rest[digits.endIndex...].hasPrefix(", error message"), let number = CInt(digits) {
        found = number
      }
    }
    return found
  }
}
