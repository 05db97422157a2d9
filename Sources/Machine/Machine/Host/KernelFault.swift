// SPDX-License-Identifier: BSD-3-Clause

/// Kernel code does not raise exceptions on the host; these are for the compiler.
public struct KernelFault: Sendable {
  public let registers = ProgramRegisters()
  public let faultAddress: UInt = 0
  public let vector: UInt64 = 0
  public let errorCode: UInt64 = 0

  public init(frame: UInt) {}
}

public enum Backtrace {
  public static func forEach(
    from framePointer: UInt, limit: Int = 32, _ body: (UInt) -> Void
  ) {}

  public static var framePointer: UInt { 0 }
}
