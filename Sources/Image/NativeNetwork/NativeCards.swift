// SPDX-License-Identifier: BSD-3-Clause

import CommandLine
import NativeDevices
import Virtio

/// How `NetworkChoice` finds the card: in a native image devices are a module of their own, which
/// knows the parameters.
func forEachVirtioDevice(
  _ kind: UInt32, _ parameters: BootParameters, _ body: (any VirtioTransport) -> Bool
) {
  NativeDevices.forEachVirtio(kind, body)
}
