// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// One instruction as `llvm-objdump` shows it, in AT&T's syntax.
struct Instruction: Equatable {
  var address: UInt64
  var byteCount: Int
  var mnemonic: String
  /// The operands, separated at the commas outside parentheses; the target is the last one.
  var operands: [String]

  var end: UInt64 { address &+ UInt64(byteCount) }
  var isCall: Bool { mnemonic.hasPrefix("call") }
  var isJump: Bool { mnemonic.hasPrefix("j") || mnemonic.hasPrefix("loop") }
  var isSystemCall: Bool { mnemonic == "syscall" }
  /// Whether the next instruction is not the next to run.
  var endsFlow: Bool {
    mnemonic == "jmp" || mnemonic == "jmpq" || mnemonic.hasPrefix("ret") || mnemonic == "hlt"
      || mnemonic.hasPrefix("ud2")
  }

  /// Where a jump goes to in its own section, if the instruction names a place.
  var target: UInt64? {
    guard isJump, let text = operands.first, text.hasPrefix("0x") else { return nil }
    return UInt64(text.dropFirst(2).prefix { $0.isHexDigit }, radix: 16)
  }
}

/// The code of an object or a library, section by section.
struct Disassembly {
  /// For each object in the order of the file, its sections' code by name.
  private(set) var objects: [[String: [Instruction]]] = []

  /// Reads what `llvm-objdump -d` writes.
  init(parsing text: String) {
    var section = ""
    for line in text.split(separator: "\n") {
      if line.first == " " {
        guard let instruction = Self.instruction(line), !objects.isEmpty else { continue }
        objects[objects.count - 1][section, default: []].append(instruction)
      } else if line.contains(":\tfile format ") {
        objects.append([:])
      } else if line.hasPrefix("Disassembly of section ") {
        section = String(line.dropFirst(23).dropLast())
      }
    }
  }

  /// Runs the disassembler over an object or a library.
  static func of(_ path: String, disassembler: String) async throws -> Disassembly {
    let result = try await ExternalCommand(disassembler, ["-d", path]).run()
    guard result.isSuccess else { throw ToolError("it cannot be disassembled", at: path) }
    return Disassembly(parsing: String(decoding: result.standardOutput, as: UTF8.self))
  }

  /// `      5d: 0f 05      	syscall`
  private static func instruction(_ line: Substring) -> Instruction? {
    let fields = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
    guard fields.count >= 2, let colon = fields[0].firstIndex(of: ":"),
      let address = UInt64(fields[0][..<colon].drop { $0 == " " }, radix: 16)
    else { return nil }
    let bytes = fields[0][fields[0].index(after: colon)...].split(separator: " ")
    let mnemonic = fields[1].drop { $0 == " " }.prefix { $0 != " " }
    guard !bytes.isEmpty, !mnemonic.isEmpty else { return nil }
    var text = fields.count > 2 ? fields[2] : ""
    if let comment = text.firstIndex(of: "#") { text = text[..<comment] }
    return Instruction(
      address: address, byteCount: bytes.count, mnemonic: String(mnemonic),
      operands: operands(text))
  }

  private static func operands(_ text: Substring) -> [String] {
    var result: [String] = []
    var depth = 0
    var current = ""
    for character in text where character != " " {
      switch character {
      case ",":
        if depth == 0 {
          result.append(current)
          current = ""
          continue
        }
      case "(": depth += 1
      case ")": depth -= 1
      default: break
      }
      current.append(character)
    }
    if !current.isEmpty { result.append(current) }
    return result
  }
}
