// SPDX-License-Identifier: BSD-3-Clause

/// The code between a program's place for a system call and the kernel's function for it.
///
/// The processor's `syscall` leaves RCX and R11 undefined and takes the number in RAX, so a stub may
/// use these three. Nothing is pushed: what lies below the stack pointer is the program's.
struct CallStub {
  /// Something that the linker completes.
  struct Completion {
    /// A symbol of the object that the stub goes into: by its name, or by its number for a local
    /// one, whose name others may have too.
    enum Target {
      case name(String)
      case number(Int)
    }

    var offset: Int
    var type: UInt32
    var target: Target
    var addend: Int64
  }

  /// Code so far, and what the linker must complete in it.
  private(set) var bytes: [UInt8] = []
  private(set) var completions: [Completion] = []

  /// The kernel's one way in (`bound.S`).
  static let entry = "martlet_direct_entry"

  /// The kernel's function for a call.
  static func function(_ number: Int) -> String { "martlet_call_\(number)" }

  mutating func append(_ code: [UInt8]) { bytes += code }

  /// Adds moved code with what the linker must complete in it.
  mutating func append(moved code: [UInt8], _ moved: [Completion]) {
    for var item in moved {
      item.offset += bytes.count
      completions.append(item)
    }
    bytes += code
  }

  private mutating func complete(_ type: UInt32, _ symbol: String, _ addend: Int64) {
    completions.append(
      Completion(offset: bytes.count, type: type, target: .name(symbol), addend: addend))
  }

  mutating func jump(to symbol: String) {
    bytes += [0xe9]
    complete(ObjectFile.procedure32, symbol, -4)
    bytes += [0, 0, 0, 0]
  }

  private mutating func load(_ opcode: [UInt8], addressOf symbol: String) {
    bytes += opcode
    complete(ObjectFile.address64, symbol, 0)
    bytes += [UInt8](repeating: 0, count: 8)
  }

  /// Interrupts go off here, not in the kernel: one that comes there is only noted.
  private mutating func enter(_ number: Int) {
    load([0x48, 0xb8], addressOf: Self.function(number))  // movabs $function, %rax
    load([0x48, 0xb9], addressOf: Self.entry)  // movabs $entry, %rcx
    bytes += [0xff, 0xe1]  // jmp *%rcx
  }

  /// The way into the kernel; then `tail`, at which the kernel comes back, or nothing where it
  /// comes back to another place.
  ///
  /// Behind the code lies what the kernel reads through R11: where to go on, the number, and where
  /// to begin again after a signal (`ProgramRegisters.restartCall`).
  ///
  /// - Parameters:
  ///   - own: the name of the stub's section start.
  ///   - place: where the kernel goes on if there is no tail.
  mutating func call(_ number: Int, own: String, place: String?, tail: CallStub) {
    let restart = bytes.count
    bytes += [0xfa, 0x4c, 0x8d, 0x1d]  // cli; lea record(%rip), %r11
    let distanceAt = bytes.count
    bytes += [0, 0, 0, 0]
    enter(number)
    let back = bytes.count
    append(moved: tail.bytes, tail.completions)
    bytes.pad(to: 8)
    let distance = bytes.count - distanceAt - 4
    for index in 0..<4 {
      bytes[distanceAt + index] = UInt8(truncatingIfNeeded: distance >> (8 * index))
    }
    word(place ?? own, place == nil ? Int64(back) : 0)
    bytes.append(UInt64(number), 8)
    word(own, Int64(restart))
    word(CallThunks.restart, 0)
  }

  private mutating func word(_ symbol: String, _ addend: Int64) {
    complete(ObjectFile.address64, symbol, addend)
    bytes += [UInt8](repeating: 0, count: 8)
  }

  /// Where a call goes on that a signal had interrupted, with the site's record still in R11.
  static var restart: CallStub {
    var stub = CallStub()
    stub.append([0xfa])
    stub.enter(219)
    return stub
  }

  /// Adds the stub to `object` as a section of its own that begins at the symbol `name`.
  func add(to object: inout ObjectFile, name: String) {
    let section = object.add(
      ObjectFile.Section(
        name: ".text.\(name)", type: 1, flags: 6, link: 0, info: 0, alignment: 8,
        entryByteCount: 0, bytes: bytes))
    let own = object.external(name)
    object.symbols[own].section = UInt16(section)
    object.symbols[own].info = 0x12
    object.symbols[own].other = 2
    object.symbols[own].byteCount = UInt64(bytes.count)
    object.relocations[section] = completions.map { item in
      let symbol =
        switch item.target {
        case .name(let name): object.external(name)
        case .number(let number): number
        }
      return ObjectFile.Relocation(
        offset: UInt64(item.offset), type: item.type, symbol: symbol, addend: item.addend)
    }
  }
}
