// Reads problems from a JSONL file.
import StrictJSON

/// A problem file: `{"id", "prompt" | "messages", "answer", "cluster"}`, one object per line.
public enum ProblemReader {
  /// All problems of a file, or its first `limit`; a missing `id` is the line number.
  ///
  /// Errors, with the line: a file without problems, broken JSON or UTF-8, a missing or empty
  /// prompt, a repeated id, a value of the wrong type.
  ///
  /// - Parameters:
  ///   - contents: the file to read where it is not at `path`, which errors name.
  ///   - noun: what the lines are, in errors.
  public static func read(
    path: String, contents: String? = nil, limit: Int? = nil, noun: String = "problems"
  ) throws(TaskFileError) -> [Problem] {
    var lines = try LineReader(path: path, contents: contents)
    var problems: [Problem] = []
    var lineOfID: [[UInt8]: Int] = [:]
    while problems.count < limit ?? .max, let range = try lines.next() {
      let problem: Problem
      do {
        problem = try Problem(line: lines.buffer[range], number: lines.line)
      } catch {
        throw TaskFileError(error.message, path: path, line: lines.line)
      }
      if let earlier = lineOfID.updateValue(lines.line, forKey: Array(problem.id.utf8)) {
        throw TaskFileError(
          "the id \(JSON.string(problem.id).summary) of line \(earlier) again (expected every id once)",
          path: path, line: lines.line)
      }
      problems.append(problem)
    }
    if problems.isEmpty, limit != 0 {
      throw TaskFileError("no \(noun) (expected one JSON object a line)", path: path, line: 1)
    }
    return problems
  }
}

extension Problem {
  fileprivate init(line: ArraySlice<UInt8>, number: Int) throws(LineFault) {
    let fields = try LineFields(line: line)
    guard let prompt = try fields.prompt("prompt", "messages") else {
      throw LineFault("no prompt (expected prompt or messages)")
    }
    guard !prompt.isEmpty else { throw LineFault("an empty prompt (expected text)") }
    self.init(
      id: try fields.name("id") ?? String(number), cluster: try fields.name("cluster"),
      prompt: prompt, answer: try fields.answer("answer"))
  }
}
