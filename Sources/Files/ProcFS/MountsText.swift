// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import VFS

/// `/proc/self/mounts` (`fstab(5)`) and `/proc/self/mountinfo` (`proc(5)`).
enum MountsText {
  private static let escaped: StaticString = " \t\n\\"

  static func write(_ mounts: [MountInformation], to text: inout TextBuilder) {
    for mount in mounts {
      text.append(mount.source)
      text.append(" ")
      text.path(mount.path, escaping: escaped)
      text.append(" ")
      text.append(mount.type)
      text.append(mount.isReadOnly ? " ro,relatime 0 0\n" : " rw,relatime 0 0\n")
    }
  }

  static func writeDetails(_ mounts: [MountInformation], to text: inout TextBuilder) {
    for mount in mounts {
      text.append(decimal: mount.identifier)
      text.append(" ")
      text.append(decimal: mount.parentIdentifier)
      text.append(" ")
      text.device(mount.deviceNumber, hexadecimal: false)
      text.append(" / ")
      text.path(mount.path, escaping: escaped)
      text.append(mount.isReadOnly ? " ro,relatime - " : " rw,relatime - ")
      text.append(mount.type)
      text.append(" ")
      text.append(mount.source)
      text.append(mount.isReadOnly ? " ro\n" : " rw\n")
    }
  }
}
