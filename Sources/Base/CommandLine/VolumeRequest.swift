// SPDX-License-Identifier: BSD-3-Clause

/// A volume that the host offers, and where it is to be seen. Key `volume`, repeated:
/// `TAG:PATH`, with `:ro` behind it when nothing may be changed.
public struct VolumeRequest: Equatable, Sendable {
  /// What the device calls itself; no colon is in it.
  public var tag: [UInt8]
  /// Where in the guest it is to be; begins with `/`.
  public var path: [UInt8]
  /// Whether nothing may be changed.
  public var isReadOnly: Bool

  /// Creates a request.
  public init(tag: [UInt8], path: [UInt8], isReadOnly: Bool = false) {
    self.tag = tag
    self.path = path
    self.isReadOnly = isReadOnly
  }

  /// Takes apart what the key says; nil when it is not of that form.
  init?(parsing text: [UInt8]) {
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return nil }
    tag = Array(text[..<colon])
    path = Array(text[(colon + 1)...])
    let count = path.count
    isReadOnly =
      count > 3 && path[count - 3] == UInt8(ascii: ":") && path[count - 2] == UInt8(ascii: "r")
      && path[count - 1] == UInt8(ascii: "o")
    if isReadOnly { path.removeLast(3) }
    guard path.first == UInt8(ascii: "/") else { return nil }
  }

  /// As the key says it. A path that ends in `:ro` cannot be said.
  var text: [UInt8] {
    var text = tag
    text.append(UInt8(ascii: ":"))
    text.append(contentsOf: path)
    if isReadOnly {
      text.append(UInt8(ascii: ":"))
      text.append(UInt8(ascii: "r"))
      text.append(UInt8(ascii: "o"))
    }
    return text
  }
}
