// SPDX-License-Identifier: BSD-3-Clause

import CMachine

/// Where the kernel's log goes: the transmit register of COM1 (16550A), which a hypervisor takes
/// at once.
public enum LogPort {
  static let data = Port(0x3f8)

  @inline(__always)
  public static func write(_ byte: UInt8) {
    data.writeByte(byte)
  }
}

/// How the machine is switched off.
public enum Power {
  private static let debugExit = Port(0xf4)

  /// Ends the virtual machine. The device `isa-debug-exit` takes `status`'s low bits; the log has
  /// told the whole of it. Where there is no such device the processor halts for ever.
  public static func off(status: Int32) -> Never {
    debugExit.writeWord(UInt32(status & 0x7f))
    // SAFETY: the end; nothing runs after it.
    unsafe martlet_halt()
  }
}
