// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

extension LaunchOptions.Accelerator {
  /// The accelerator to name to QEMU: `kvm` or `tcg`.
  ///
  /// A /dev/kvm without `vmx` or `svm` interprets kernel code and is slower than TCG, so that
  /// `auto` does not take it.
  public func resolved(countsInstructions: Bool) throws -> Self {
    if countsInstructions {
      guard self != .kvm else {
        throw ToolError(
          "--icount counts emulated instructions and cannot use KVM",
          advice: "Leave out --accel kvm.")
      }
      return .tcg
    }
    switch self {
    case .tcg: return .tcg
    case .kvm:
      guard Self.deviceOpens() else {
        throw ToolError(
          "/dev/kvm cannot be opened", advice: "Use --accel tcg, or ask for access to /dev/kvm.")
      }
      return .kvm
    case .auto: return Self.processorVirtualizes() && Self.deviceOpens() ? .kvm : .tcg
    }
  }

  static func deviceOpens() -> Bool {
    let descriptor = open("/dev/kvm", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    return true
  }

  static func processorVirtualizes() -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else {
      return false
    }
    let flags = text.split(separator: "\n").first { $0.hasPrefix("flags") } ?? ""
    return flags.split(separator: " ").contains { $0 == "vmx" || $0 == "svm" }
  }
}
