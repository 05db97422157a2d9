// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// Who opens FIFOs and device nodes that a program has made in a file system.
public enum SpecialFiles {
  /// Set by the image when it has pipes and devices.
  public static let opener = KernelGlobal<(any SpecialFileOpener)?>(nil)
}

/// Opens files whose contents are not their file system's.
public protocol SpecialFileOpener: AnyObject {
  /// Throws `noSuchDeviceAddress` for a device that there is not.
  func open(_ node: Node, _ flags: OpenFlags) throws(SystemError) -> OpenFile
}
