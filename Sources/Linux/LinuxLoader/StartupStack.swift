// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import LinuxCore

/// The bytes that a new program finds on its stack (System V ABI AMD64 supplement, section 3.4.1,
/// "Initial Stack and Register State", and Linux's `create_elf_tables`).
///
/// From low to high: argc, argv, 0, envp, 0, the auxiliary vector; then random bytes, platform,
/// texts, the program's file name, and a final zero word.
struct StartupStack {
  /// Entries of the auxiliary vector (linux/auxvec.h).
  enum Auxiliary: UInt64 {
    case programHeaders = 3
    case programHeaderByteCount = 4
    case programHeaderCount = 5
    case pageByteCount = 6
    case interpreterBase = 7
    case flags = 8
    case entry = 9
    case user = 11
    case effectiveUser = 12
    case group = 13
    case effectiveGroup = 14
    case platform = 15
    case processorFeatures = 16
    case clockTicks = 17
    case isSecure = 23
    case random = 25
    case moreProcessorFeatures = 26
    case executableName = 31
    case sharedObject = 33
    case minimumSignalStack = 51
  }

  let arguments: [[UInt8]]
  let environment: [[UInt8]]
  let executableName: [UInt8]
  let randomBytes: [UInt8]
  /// Besides those that point into the stack.
  let auxiliary: [(Auxiliary, UInt64)]

  /// What the bytes are, and where things lie in them.
  struct Layout {
    /// The bytes from `stackPointer` up to `top`.
    var bytes: [UInt8]
    var stackPointer: UInt
    var arguments: Range<UInt>
    var environment: Range<UInt>
    var auxiliary: [UInt8]
  }

  /// The bytes for a stack that ends at `top`, a multiple of 16. `shift` bytes, a multiple of 16,
  /// are left free below the texts so that the stack pointer is not always the same.
  func layout(top: UInt, shift: UInt = 0) -> Layout {
    // The texts, from the end: Linux keeps a zero word at the very top.
    var text: [UInt8] = []
    func place(_ string: [UInt8]) -> UInt {
      let offset = UInt(text.count)
      text.append(contentsOf: string)
      text.append(0)
      return offset
    }
    var argumentOffsets: [UInt] = []
    for argument in arguments { argumentOffsets.append(place(argument)) }
    let argumentEnd = UInt(text.count)
    var environmentOffsets: [UInt] = []
    for variable in environment { environmentOffsets.append(place(variable)) }
    let environmentEnd = UInt(text.count)
    let nameOffset = place(executableName)
    let textStart = top - 8 - UInt(text.count)
    // Below: the platform's name and the random bytes, then the words, 16-byte aligned.
    let platform = StaticString("x86_64").byteArray
    let platformStart = textStart - UInt(platform.count) - 1 - shift
    let randomStart = (platformStart - 16) & ~15
    var vector: [(UInt64, UInt64)] = []
    for (key, value) in auxiliary { vector.append((key.rawValue, value)) }
    vector.append((Auxiliary.random.rawValue, UInt64(randomStart)))
    vector.append((Auxiliary.executableName.rawValue, UInt64(textStart + nameOffset)))
    vector.append((Auxiliary.platform.rawValue, UInt64(platformStart)))
    vector.append((0, 0))
    let words = 3 + arguments.count + environment.count + vector.count * 2
    let pointer = (randomStart - UInt(words) * 8) & ~15

    var bytes = [UInt8](repeating: 0, count: Int(top - pointer))
    var cursor = 0
    func push(_ word: UInt64) {
      bytes.put(word, at: cursor)
      cursor += 8
    }
    push(UInt64(arguments.count))
    for offset in argumentOffsets { push(UInt64(textStart + offset)) }
    push(0)
    for offset in environmentOffsets { push(UInt64(textStart + offset)) }
    push(0)
    let vectorStart = cursor
    for (key, value) in vector {
      push(key)
      push(value)
    }
    let vectorBytes = Array(bytes[vectorStart..<cursor])
    func copy(_ source: [UInt8], to address: UInt) {
      var offset = Int(address - pointer)
      for byte in source {
        bytes[offset] = byte
        offset += 1
      }
    }
    copy(randomBytes, to: randomStart)
    copy(platform, to: platformStart)
    copy(text, to: textStart)
    return Layout(
      bytes: bytes, stackPointer: pointer,
      arguments: textStart..<(textStart + argumentEnd),
      environment: (textStart + argumentEnd)..<(textStart + environmentEnd),
      auxiliary: vectorBytes)
  }
}
