// SPDX-License-Identifier: BSD-3-Clause

import NativeThreads
import Virtio

/// The devices of a native image, looked for when an application first asks for one.
public enum NativeDevices {
  /// The virtio devices of a kind (virtio 1.2 section 5), in the machine's order.
  public static func virtio(_ kind: UInt32) -> [any VirtioTransport] {
    var found: [any VirtioTransport] = []
    forEachVirtioDevice(kind, NativeRuntime.parameters.text) {
      found.append($0)
      return true
    }
    return found
  }
}
