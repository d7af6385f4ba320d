// What tells one object from another, whatever names it has.

/// The place of an object among all open files; external links lead from one file to another.
public struct HDF5Identity: Hashable, Sendable {
  /// libhdf5's number of the open file.
  let file: UInt
  /// The object's address in it.
  package let address: UInt64
}
