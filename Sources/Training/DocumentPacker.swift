// Documents packed into rows of a fixed size.

/// Packs a stream of documents into rows of at most `rowLength` tokens, whole documents only, in the
/// order of the stream (next fit): the document that does not fit opens the next row.
///
/// Documents come at random, so rows do too. Sorting by length would save room, but it puts the
/// rare long documents together and a model under-trains the moves that only they contain.
public struct DocumentPacker: Sendable {
  public let rowLength: Int
  /// Index of the next document: all there is to save of the packer.
  public private(set) var nextDocument: Int

  public init(rowLength: Int, nextDocument: Int = 0) {
    self.rowLength = rowLength
    self.nextDocument = nextDocument
  }

  /// The next rows; `document` gives the tokens of a document by its index.
  public mutating func nextRows(
    _ count: Int, document: (Int) -> [Int32]
  ) -> [[[Int32]]] {
    var rows: [[[Int32]]] = []
    while rows.count < count {
      var row: [[Int32]] = []
      var length = 0
      while true {
        let next = document(nextDocument)
        precondition(
          next.count <= rowLength, "a document of \(next.count) tokens exceeds the row length")
        guard length + next.count <= rowLength else { break }
        length += next.count
        row.append(next)
        nextDocument += 1
      }
      rows.append(row)
    }
    return rows
  }
}
