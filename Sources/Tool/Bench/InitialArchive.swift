// SPDX-License-Identifier: BSD-3-Clause

/// A cpio archive in the `newc` format that Linux unpacks as its first root file system.
/// Source: Linux `Documentation/driver-api/early-userspace/buffer-format.rst`.
struct InitialArchive {
  private(set) var bytes: [UInt8] = []
  private var count: UInt32 = 0

  init() {}

  /// - Parameter mode: type and permissions, as in `stat`.
  mutating func add(
    _ name: String, mode: UInt32, contents: [UInt8] = [],
    device: (major: UInt32, minor: UInt32) = (0, 0)
  ) {
    count += 1
    let nameBytes = Array(name.utf8) + [0]
    let fields: [UInt32] = [
      count, mode, 0, 0, 1, 0, UInt32(contents.count), 0, 0, device.major, device.minor,
      UInt32(nameBytes.count), 0,
    ]
    bytes += Array("070701".utf8)
    for field in fields {
      let digits = String(field, radix: 16)
      bytes += Array((String(repeating: "0", count: 8 - digits.count) + digits).utf8)
    }
    bytes += nameBytes
    pad()
    bytes += contents
    pad()
  }

  /// The archive with its end marker.
  mutating func finish() -> [UInt8] {
    add("TRAILER!!!", mode: 0)
    return bytes
  }

  private mutating func pad() {
    while bytes.count % 4 != 0 { bytes.append(0) }
  }
}
