// SPDX-License-Identifier: BSD-3-Clause

import Base

/// An exception that program code raised.
public struct ProgramFault: Sendable {
  public enum Kind: Sendable {
    /// A page is absent or does not allow the access.
    case page(address: VirtualAddress, access: PageAccess, isPresent: Bool)
    /// #DE
    case divideError
    /// #UD
    case illegalInstruction
    /// #BP: `int3`
    case breakpoint
    /// #DB: single step
    case debug
    /// #MF, #XM
    case floatingPoint
    /// #AC
    case alignment
    /// #GP, #SS and others: no address is known
    case generalProtection
    /// #OF, #BR
    case bounds
  }

  public let kind: Kind
  /// The processor's vector and error code, for `siginfo` and `sigcontext`.
  public let vector: UInt64
  public let errorCode: UInt64

  public init(kind: Kind, vector: UInt64, errorCode: UInt64) {
    self.kind = kind
    self.vector = vector
    self.errorCode = errorCode
  }
}

/// How memory was accessed.
public enum PageAccess: Sendable {
  case read
  case write
  case execute
}
