import Tasks

/// The token ids of words separated by spaces; nil where one is no word of the task.
func countdownTokens(_ text: String) -> [Int32]? {
  let tokens = text.split(separator: " ").map { word in
    CountdownVocabulary.words.firstIndex(of: String(word)).map(Int32.init)
  }
  return tokens.contains(nil) ? nil : tokens.compactMap { $0 }
}
