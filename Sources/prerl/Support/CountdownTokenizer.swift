// The built-in tokenizer of the embedded task, which is also written into its checkpoints.
import ModelCore
import Runs
import Tasks
import Tokenizers

enum CountdownTokenizer {
  /// `tokenizer.json` and `tokenizer_config.json` of the 56 words.
  static func files(maximumLength: Int = 256) -> WordLevelFiles {
    let special = CountdownVocabulary.specialWords
    return WordLevelFiles(
      words: CountdownVocabulary.words, padding: special[0], start: special[1], end: special[2],
      maximumLength: maximumLength)
  }

  /// Writes both into a checkpoint folder.
  static func write(to directory: String, maximumLength: Int) throws(OutputError) {
    let files = files(maximumLength: maximumLength)
    try AtomicFile.publish(files.tokenizer, to: directory + "/tokenizer.json", overwrite: true)
    try AtomicFile.publish(
      files.configuration, to: directory + "/tokenizer_config.json", overwrite: true)
  }
}
