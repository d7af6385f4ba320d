// One block of values on its way between memory and a dataset or attribute.
import CHDF5

/// One block of a dataset, or a whole attribute. Made and used by this module only; it is public
/// because `HDF5Element` mentions it.
public struct HDF5Transfer: Sendable {
  let place: Place
  /// The stored type; borrowed.
  let type: hid_t
  /// The shape of the block in memory; borrowed.
  let space: hid_t
  let target: Target

  enum Target: Sendable {
    case dataset(hid_t, selection: hid_t)
    case attribute(hid_t)
  }

  /// `source` holds one element of `memoryType` for each place of the block.
  func write(_ source: UnsafeRawPointer, as memoryType: hid_t) -> herr_t {
    switch target {
    case .dataset(let id, let selection):
      H5Dwrite(id, memoryType, space, selection, chdf5_default(), source)
    case .attribute(let id): H5Awrite(id, memoryType, source)
    }
  }

  /// `destination` has room for one element of `memoryType` for each place of the block.
  func read(_ destination: UnsafeMutableRawPointer, as memoryType: hid_t) -> herr_t {
    switch target {
    case .dataset(let id, let selection):
      H5Dread(id, memoryType, space, selection, chdf5_default(), destination)
    case .attribute(let id): H5Aread(id, memoryType, destination)
    }
  }
}
