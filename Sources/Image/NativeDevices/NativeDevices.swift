// SPDX-License-Identifier: BSD-3-Clause

import NativeThreads
import Virtio

/// The devices of a native image, looked for when an application first asks for one.
public enum NativeDevices {
  /// Calls `body` with each virtio device of a kind (virtio 1.2 section 5), in the machine's order,
  /// until it returns false.
  public static func forEachVirtio(_ kind: UInt32, _ body: (any VirtioTransport) -> Bool) {
    forEachVirtioDevice(kind, NativeRuntime.parameters.text, body)
  }
}
