// SPDX-License-Identifier: BSD-3-Clause

/// How a guest ended.
public struct GuestResult: Sendable, Equatable {
  /// The status for the tool to exit with.
  public var status: Int32
  /// What the program wrote, where it was captured; else empty.
  public var output: [UInt8] = []
  public var errors: [UInt8] = []
  /// The kernel's log.
  public var log: [String] = []
  /// When the phases of the boot were over; empty unless it was asked for.
  public var bootTrace = BootTrace()
}
