// The tokenizer files of a task whose tokens are whole words.
import Runs
import Tasks
import Tokenizers

extension TaskVocabulary {
  /// `tokenizer.json` and `tokenizer_config.json` of the words.
  func tokenizerFiles(maximumLength: Int) -> WordLevelFiles {
    WordLevelFiles(
      words: words, padding: words[Int(padding)], start: words[Int(start)], end: words[Int(end)],
      maximumLength: maximumLength)
  }

  /// Writes both into a checkpoint folder.
  func writeTokenizer(to directory: String, maximumLength: Int) throws(OutputError) {
    let files = tokenizerFiles(maximumLength: maximumLength)
    try AtomicFile.publish(files.tokenizer, to: directory + "/tokenizer.json", overwrite: true)
    try AtomicFile.publish(
      files.configuration, to: directory + "/tokenizer_config.json", overwrite: true)
  }
}
