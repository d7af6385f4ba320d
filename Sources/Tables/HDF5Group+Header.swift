// The attributes by which a reader recognises a result file.
import HDF5
import StrictJSON

extension HDF5Group {
  /// Writes the attributes that the root of every result file has, in one order.
  ///
  /// - Parameters:
  ///   - provenance: Where the numbers come from, such as `Manifest.attributes`. Written first.
  ///   - isComplete: Whether the run ended, as opposed to being interrupted.
  ///   - mainGroup: The group that a viewer of NeXus files opens first.
  ///   - history: When and how the file was made, one line a step. nil: the time and the command of `provenance`.
  ///   - references: What the numbers follow, such as a paper; nil where the file's own description says it.
  package func writeHeader(
    schema: String, version: Int, title: String, mainGroup: String,
    provenance: [(name: String, text: String)], isComplete: Bool = true, history: String? = nil,
    references: String? = nil
  ) throws {
    for (name, text) in provenance { try attributes.set(name, to: storable(text)) }
    try attributes.set("schema", to: schema)
    try attributes.set("schema_version", to: version)
    try attributes.set("complete", to: isComplete ? 1 : 0)
    try attributes.set("NX_class", to: "NXroot")
    try attributes.set("default", to: mainGroup)
    try attributes.set("title", to: storable(title))
    try attributes.set("history", to: storable(history ?? historyLine(of: provenance)))
    if let references { try attributes.set("references", to: storable(references)) }
  }
}

/// The paper that result files name under `references`.
package let preTrainSpacePaper =
  "From P(y|x) to P(y): Investigating Reinforcement Learning in Pre-train Space, arXiv:2604.14142"

/// The attributes `start_utc` and `argv` as "TIME: COMMAND"; what is missing is left out.
package func historyLine(of provenance: [(name: String, text: String)]) -> String {
  func text(_ name: String) -> String? { provenance.first { $0.name == name }?.text }
  let arguments = text("argv").flatMap { try? JSON.parse($0) }?.arrayValue ?? []
  let command = arguments.compactMap(\.stringValue).joined(separator: " ")
  return [text("start_utc"), command].compactMap { $0 }.filter { !$0.isEmpty }
    .joined(separator: ": ")
}
