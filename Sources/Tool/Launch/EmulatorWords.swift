// SPDX-License-Identifier: BSD-3-Clause

/// What is the same in all of QEMU's options.
enum EmulatorWords {
  /// A comma in a value is written twice.
  static func escaped(_ value: String) -> String {
    value.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
  }

  /// The device of a kind, such as `blk`, on the machine's bus: memory-mapped on microvm, PCI of
  /// virtio 1 alone elsewhere.
  static func virtioDevice(_ kind: String, on machine: LaunchOptions.Machine) -> String {
    machine == .microvm ? "virtio-\(kind)-device" : "virtio-\(kind)-pci,disable-legacy=on"
  }
}
