// One group: its members in the order they were created, and how to open and create them.
import CHDF5

/// A folder in a file, open as long as a value refers to it.
public struct HDF5Group: Sendable {
  /// A named member of a group.
  public struct Member: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
      case group, dataset
      /// A type that was stored under a name.
      case namedType
      /// A soft or external link that leads nowhere.
      case brokenLink
    }

    /// The path relative to the group that was listed.
    public let name: String
    public let kind: Kind
  }

  let handle: Handle

  init(_ handle: Handle) { self.handle = handle }

  /// The absolute path under which it was opened.
  public var path: String { handle.path }
  public var attributes: HDF5Attributes { HDF5Attributes(handle: handle) }

  // MARK: - What is there

  /// The members in the order of their creation; sorted by name if the file does not store that
  /// order.
  public func members() throws(HDF5Error) -> [Member] {
    let place = handle.place
    return try handle.use { id throws(HDF5Error) in
      let creation = try place.check(H5Gget_create_plist(id), "cannot be listed")
      defer { H5Idec_ref(creation) }
      var flags: UInt32 = 0
      try place.check(H5Pget_link_creation_order(creation, &flags), "cannot be listed")
      var info = H5G_info_t()
      try place.check(H5Gget_info(id, &info), "cannot be listed")
      let order = flags & chdf5_creation_order() != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME
      var members: [Member] = []
      for index in 0..<info.nlinks {
        let name = try memberName(id, order, index)
        members.append(Member(name: name, kind: try kind(of: name, in: id)))
      }
      return members
    }
  }

  /// All members of this group and of its groups, depth first; a group with several names is listed
  /// under each and entered once.
  public func descendants() throws(HDF5Error) -> [Member] {
    var found: [Member] = []
    var entered: Set<HDF5Identity> = [try handle.identity]
    // The groups to enter, the next one last. This is a stack, since groups may be nested very
    // deeply.
    var pending: [(member: Member, parent: HDF5Group, prefix: String)] = []
    func push(_ group: HDF5Group, _ prefix: String) throws(HDF5Error) {
      for member in try group.members().reversed() { pending.append((member, group, prefix)) }
    }
    try push(self, "")
    while let (member, parent, prefix) = pending.popLast() {
      found.append(Member(name: prefix + member.name, kind: member.kind))
      guard member.kind == .group else { continue }
      let group = try parent.group(member.name)
      if entered.insert(try group.handle.identity).inserted {
        try push(group, prefix + member.name + "/")
      }
    }
    return found
  }

  /// Whether a path from here leads to a member.
  public func contains(_ path: String) throws(HDF5Error) -> Bool {
    let place = place(of: path)
    return try handle.use { id throws(HDF5Error) in
      var partial = ""
      for component in try components(of: path) {
        partial += partial.isEmpty ? component : "/" + component
        // H5Lexists asks for the last component only; all before it must exist.
        if try place.check(H5Lexists(id, partial, chdf5_default()), "cannot be looked up") == 0 {
          return false
        }
      }
      return true
    }
  }

  /// Opens a group below this one.
  public func group(_ path: String) throws(HDF5Error) -> HDF5Group {
    HDF5Group(try open(path, H5I_GROUP, "group"))
  }

  /// Opens a dataset below this group.
  public func dataset(_ path: String) throws(HDF5Error) -> HDF5Dataset {
    HDF5Dataset(try open(path, H5I_DATASET, "dataset"))
  }

  // MARK: - What can be made

  /// Creates a group below this one, and missing groups on its path.
  @discardableResult
  public func createGroup(_ path: String) throws(HDF5Error) -> HDF5Group {
    let components = try components(of: path)
    var group = self
    for (index, component) in components.enumerated() {
      if index + 1 < components.count, try group.contains(component) {
        group = try group.group(component)
      } else {
        group = try group.createMember(component)
      }
    }
    return group
  }

  /// Gives a dataset of the same file a further name, here (a hard link); without `as` its own name.
  public func link(_ dataset: HDF5Dataset, as name: String? = nil) throws(HDF5Error) {
    try link(dataset.handle, as: name ?? dataset.name)
  }

  /// The same for a group; a test of cycles needs it.
  package func link(_ group: HDF5Group, as name: String) throws(HDF5Error) {
    try link(group.handle, as: name)
  }

  /// Adds a link to a path, which need not be there: a soft one, or an external one into another file.
  /// Tests of other programs' files need it.
  package func link(
    path: String, inFile file: String? = nil, as name: String
  ) throws(HDF5Error) {
    let place = place(of: name)
    try handle.change { id throws(HDF5Error) in
      let code =
        if let file {
          H5Lcreate_external(file, path, id, name, chdf5_default(), chdf5_default())
        } else {
          H5Lcreate_soft(path, id, name, chdf5_default(), chdf5_default())
        }
      try place.check(code, "cannot be linked")
    }
  }

  private func link(_ object: Handle, as name: String) throws(HDF5Error) {
    let place = place(of: name)
    try requireName(name, place)
    guard object.file === handle.file else {
      throw place.error("cannot be linked to another file's '\(object.path)'")
    }
    try handle.change { id throws(HDF5Error) in
      let links = try linkList(place)
      defer { H5Idec_ref(links) }
      try object.use { target throws(HDF5Error) in
        _ = try place.check(
          H5Olink(target, id, name, links, chdf5_default()), "cannot be linked")
      }
    }
  }

  // MARK: - For the module

  func place(of member: String) -> Place {
    Place(path: handle.file.path, object: path == "/" ? "/\(member)" : "\(path)/\(member)")
  }

  /// How members are linked: names are UTF-8. To be released by the caller.
  func linkList(_ place: Place) throws(HDF5Error) -> hid_t {
    let links = try place.check(H5Pcreate(chdf5_link_create()), "cannot be created")
    do throws(HDF5Error) {
      try place.check(H5Pset_char_encoding(links, H5T_CSET_UTF8), "cannot be created")
    } catch {
      H5Idec_ref(links)
      throw error
    }
    return links
  }

  // MARK: - Helpers

  private func createMember(_ name: String) throws(HDF5Error) -> HDF5Group {
    let place = place(of: name)
    try requireName(name, place)
    return try handle.change { id throws(HDF5Error) in
      let links = try linkList(place)
      defer { H5Idec_ref(links) }
      let creation = try place.check(H5Pcreate(chdf5_group_create()), "cannot be created")
      defer { H5Idec_ref(creation) }
      try place.check(
        H5Pset_link_creation_order(creation, chdf5_creation_order()), "cannot be created")
      // Times would make equal contents differ from byte to byte.
      try place.check(H5Pset_obj_track_times(creation, false), "cannot be created")
      let group = try place.check(
        H5Gcreate2(id, name, links, creation, chdf5_default()), "cannot be created")
      return HDF5Group(Handle(file: handle.file, id: group, path: place.object ?? name))
    }
  }

  private func open(
    _ path: String, _ type: H5I_type_t, _ noun: String
  ) throws(HDF5Error) -> Handle {
    let path = try components(of: path).joined(separator: "/")
    let place = place(of: path)
    return try handle.use { id throws(HDF5Error) in
      guard try contains(path) else { throw place.error("there is no such \(noun)") }
      let object = try place.check(H5Oopen(id, path, chdf5_default()), "cannot be opened")
      let opened = Handle(file: handle.file, id: object, path: place.object ?? path)
      guard H5Iget_type(object) == type else { throw place.error("is not a \(noun)") }
      return opened
    }
  }

  /// The names on the path. A leading slash is ignored, since the root may be given "/a/b".
  private func components(of path: String) throws(HDF5Error) -> [String] {
    let components = path.split(separator: "/").map(String.init)
    guard !components.isEmpty else { throw handle.place.error("'\(path)' names no member") }
    for component in components { try requireName(component, place(of: path)) }
    return components
  }

  private func memberName(
    _ id: hid_t, _ order: H5_index_t, _ index: hsize_t
  ) throws(HDF5Error) -> String {
    let place = handle.place
    func name(_ buffer: UnsafeMutablePointer<CChar>?, _ size: Int) -> Int {
      H5Lget_name_by_idx(id, ".", order, H5_ITER_INC, index, buffer, size, chdf5_default())
    }
    let length = try place.check(name(nil, 0), "cannot be listed")
    var bytes = [CChar](repeating: 0, count: length + 1)
    try place.check(name(&bytes, bytes.count), "cannot be listed")
    return bytes.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }

  /// - Throws: where an object is there but damaged. Without it a reader would not miss what is lost.
  private func kind(of name: String, in id: hid_t) throws(HDF5Error) -> Member.Kind {
    let place = place(of: name)
    let object = H5Oopen(id, name, chdf5_default())
    do throws(HDF5Error) {
      try place.check(object, "cannot be opened")
    } catch {
      let isHard = try place.check(chdf5_is_hard_link(id, name), "cannot be looked up") != 0
      if isHard || H5Oexists_by_name(id, name, chdf5_default()) > 0 { throw error }
      return .brokenLink
    }
    defer { H5Idec_ref(object) }
    return switch H5Iget_type(object) {
    case H5I_GROUP: .group
    case H5I_DATASET: .dataset
    default: .namedType
    }
  }
}
