// SPDX-License-Identifier: BSD-3-Clause

import Foundation

/// Small C functions, one for each number, that the calls of a library's own dispatchers are led to:
/// `__syscall_cp(number, …)` and `syscall(number, …)` take the number as an argument.
enum CallThunks {
  /// One more than the highest number of a call.
  static let limit = 451

  /// In the place of musl's `__syscall_cp`.
  static func point(_ number: Int) -> String { "martlet_point_\(number)" }
  /// In the place of `syscall(3)`.
  static func function(_ number: Int) -> String { "martlet_function_\(number)" }
  static let restart = "martlet_bound_restart"

  /// From the arguments of a function, without the first, to those of a system call.
  private static let moveArguments: [UInt8] = [
    0x48, 0x89, 0xf7, 0x48, 0x89, 0xd6, 0x48, 0x89, 0xca,  // rsi → rdi, rdx → rsi, rcx → rdx
    0x4d, 0x89, 0xc2, 0x4d, 0x89, 0xc8, 0x4c, 0x8b, 0x4c, 0x24, 0x08,  // r8 → r10, r9 → r8, f → r9
  ]

  /// An object with all of them.
  ///
  /// - Parameter isCancellable: whether the program uses `pthread_cancel`. A thread that is to be
  ///   ended inside a call is known by the address of the library's own `syscall` instruction, so
  ///   these calls go there.
  static func object(prefix: String, isCancellable: Bool) -> Data {
    var object = ObjectFile()
    for number in 0..<limit {
      var point = CallStub()
      if isCancellable {
        point.jump(to: "\(prefix)__syscall_cp")
      } else {
        var tail = CallStub()
        tail.append([0xc3])
        point.append(moveArguments)
        point.call(number, own: Self.point(number), place: nil, tail: tail)
      }
      point.add(to: &object, name: Self.point(number))
      if isCancellable { object.name(number, in: object.sections.count - 1, at: 0) }

      var function = CallStub()
      var tail = CallStub()
      tail.append([0x48, 0x89, 0xc7])  // mov %rax, %rdi
      tail.jump(to: "\(prefix)__syscall_ret")
      function.append(moveArguments)
      function.call(number, own: Self.function(number), place: nil, tail: tail)
      function.add(to: &object, name: Self.function(number))
    }
    CallStub.restart.add(to: &object, name: restart)
    // Other objects use these.
    for index in object.symbols.indices where object.symbols[index].section != 0 {
      object.symbols[index].other = 0
    }
    return object.serialized()
  }
}

extension ObjectFile {
  /// Says that the code at `offset` of a section needs a call, without changing it: the linker
  /// keeps what R_X86_64_NONE names.
  mutating func name(_ number: Int, in section: Int, at offset: UInt64) {
    relocations[section, default: []].append(
      Relocation(
        offset: offset, type: Self.none, symbol: external(CallStub.function(number)), addend: 0))
  }
}
