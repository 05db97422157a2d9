// SPDX-License-Identifier: BSD-3-Clause

/// The general registers, whatever part of one an operand names.
enum Register: Int, CaseIterable {
  case rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15

  private static let names: [String: Register] = {
    var names: [String: Register] = [:]
    for register in allCases {
      let name = String("\(register)".dropFirst())
      if register.rawValue >= Register.r8.rawValue {
        for ending in ["", "d", "w", "b"] { names["%r\(name)\(ending)"] = register }
      } else {
        for start in ["r", "e", ""] { names["%\(start)\(name)"] = register }
        let short = name.hasSuffix("x") ? String(name.dropLast()) : name
        for ending in ["l", "h"] { names["%\(short)\(ending)"] = register }
      }
    }
    return names
  }()

  /// The register of an operand such as `%r8d`.
  init?(operand: String) {
    guard let register = Self.names[operand] else { return nil }
    self = register
  }

  /// What a call may change: System V ABI AMD64, section 3.2.1.
  static let changedByCalls: [Register] = [.rax, .rcx, .rdx, .rsi, .rdi, .r8, .r9, .r10, .r11]
  /// What instructions without named operands may change.
  static let changedSilently: [Register] = [.rax, .rcx, .rdx, .rsi, .rdi]
}
