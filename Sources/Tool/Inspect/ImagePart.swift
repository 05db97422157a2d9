// SPDX-License-Identifier: BSD-3-Clause

/// A function or a variable of an image, or bytes that have no name.
public struct ImagePart: Sendable, Equatable {
  /// What the bytes are for.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    case text, constants, data
    /// Zero at the start; takes no place in the file.
    case zeroed
  }

  /// As the linker knows it; empty for bytes without a name, such as texts.
  public let symbol: String
  /// For people: without the mangling.
  public internal(set) var name: String
  /// The micro-library that it counts for.
  public let library: String
  /// The module in which it was written: a copy of a generic function is compiled into the module
  /// that asked for it. The same as the library's where the name does not tell.
  public let module: String
  public let kind: Kind
  public let address: UInt64
  /// With the padding behind it.
  public internal(set) var byteCount: Int

  /// What it adds to the file.
  public var fileBytes: Int { kind == .zeroed ? 0 : byteCount }

  /// Its library and its name without the list of arguments, for chains.
  public var label: String {
    let bare = DemangledName.withoutArguments(name)
    // A name of C or assembly is unique as it is.
    return MangledModule.name(of: symbol) == nil ? bare : "\(library).\(bare)"
  }
}
