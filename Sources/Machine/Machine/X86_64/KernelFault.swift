// SPDX-License-Identifier: BSD-3-Clause

import Base
import CMachine

/// The registers of kernel code that raised an exception, for the panic message.
public struct KernelFault: Sendable {
  public let registers: ProgramRegisters
  /// CR2: the address of a page fault.
  public let faultAddress: UInt

  /// - Parameter frame: what the entry stub hands to `martlet_kernel_fault`.
  public init(frame: UInt) {
    registers = ProgramRegisters(frame: UInt64(frame))
    // SAFETY: reads a control register.
    faultAddress = UInt(unsafe martlet_read_cr2())
  }

  public var vector: UInt64 { registers.vectorNumber }
  public var errorCode: UInt64 { registers.errorCode }
}

/// Return addresses on the kernel's stack, by its frame pointers.
public enum Backtrace {
  /// Calls `body` with up to `limit` return addresses, innermost first.
  ///
  /// A broken chain ends it: each frame pointer must lie above the one before, aligned, in the
  /// kernel's own memory, and is read by a routine that survives a fault.
  public static func forEach(
    from framePointer: UInt, limit: Int = 32, _ body: (UInt) -> Void
  ) {
    var frame = framePointer
    for _ in 0..<limit {
      guard frame >= KernelLayout.image, frame < KernelLayout.devices, frame & 7 == 0 else {
        return
      }
      var next: UInt64 = 0
      var address: UInt64 = 0
      // SAFETY: the routines survive a fault and write to the two locals.
      guard unsafe martlet_load64(UInt64(frame), &next) == 0,
        unsafe martlet_load64(UInt64(frame + 8), &address) == 0,
        address >= UInt64(KernelLayout.image)
      else { return }
      body(UInt(address))
      guard UInt(next) > frame else { return }
      frame = UInt(next)
    }
  }

  /// The frame pointer of the function that calls this.
  @inline(__always)
  public static var framePointer: UInt {
    // SAFETY: reads a register.
    UInt(unsafe martlet_frame_pointer())
  }
}
