// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Testing
import ToolSupport

@testable import Binding
@testable import ImageBuild

@Suite("Binding system calls")
struct BindingTests {
  private static let musl = "\(CCompiler.libraries)/libc.a"
  private static let hasMusl = FileManager.default.fileExists(atPath: musl)

  /// The constants before the last instruction of a listing, `address: bytes<TAB>mnemonic operands`.
  private func constants(_ lines: [String]) -> RegisterConstants.State? {
    let listing = "x:\tfile format elf64-x86-64\nDisassembly of section .text:\n"
    let text = lines.map { "    \($0)" }.joined(separator: "\n")
    let code = Disassembly(parsing: listing + text).objects[0][".text"] ?? []
    #expect(code.count == lines.count)
    return RegisterConstants(code, entries: [0], relocated: []).states.last ?? nil
  }

  @Test func aNumberIsKnownThroughCopies() {
    let state = constants([
      "0: 41 b8 ca 00 00 00\tmovl\t$0xca, %r8d", "6: 4c 89 c0\tmovq\t%r8, %rax",
      "9: 48 89 d6\tmovq\t%rdx, %rsi", "c: 0f 05\tsyscall",
    ])
    #expect(state?[.rax] == 202)
  }

  @Test func aNumberThatOneWayChangesIsUnknown() {
    let state = constants([
      "0: b8 27 00 00 00\tmovl\t$0x27, %eax", "5: 74 05\tje\t0xc <x+0xc>",
      "7: b8 28 00 00 00\tmovl\t$0x28, %eax", "c: 0f 05\tsyscall",
    ])
    #expect(state?[.rax] == nil)
  }

  @Test func callsAndMemoryForgetNumbers() {
    #expect(
      constants([
        "0: b8 27 00 00 00\tmovl\t$0x27, %eax", "5: e8 00 00 00 00\tcallq\t0xa <y>",
        "a: 0f 05\tsyscall",
      ])?[.rax] == nil)
    #expect(
      constants([
        "0: b8 27 00 00 00\tmovl\t$0x27, %eax", "5: 8b 07\tmovl\t(%rdi), %eax",
        "7: 0f 05\tsyscall",
      ])?[.rax] == nil)
  }

  @Test func aTestForZeroIsZeroWhereItJumps() {
    let state = constants([
      "0: 48 85 c0\ttestq\t%rax, %rax", "3: 74 02\tje\t0x7 <x+0x7>", "5: c3\tretq",
      "6: 90\tnop", "7: 0f 05\tsyscall",
    ])
    #expect(state?[.rax] == 0)
  }

  @Test func anObjectIsWrittenAsItWasRead() throws {
    let thunks = CallThunks.object(prefix: "p_", isCancellable: false)
    let object = try ObjectFile(thunks, path: "thunks")
    #expect(object.serialized() == thunks)
    #expect(object.symbols.contains { $0.name == "martlet_point_0" && $0.section != 0 })
    for count in stride(from: 0, to: 4096, by: 7) {
      _ = try? ObjectFile(thunks.prefix(count), path: "cut")
    }
  }

  /// Every `syscall` of Debian's C library is bound, or stays for a reason that is known here.
  @Test(.enabled(if: hasMusl)) func everySiteOfTheLibraryIsClassified() async throws {
    let scratch = try ScratchFolder()
    let objdump = try Toolchain.program("llvm-objdump")
    let binder = LibraryBinder(
      disassembler: objdump, archiver: try Toolchain.program("llvm-ar"))
    let bound = "\(scratch.path)/libc.a"
    try FileManager.default.createDirectory(
      atPath: "\(scratch.path)/members", withIntermediateDirectories: true)
    let report = try await binder.bindLibrary(
      Self.musl, tag: "libc", to: bound, scratch: "\(scratch.path)/members")

    let stays: Set = [
      "aio.lo .text.cleanup", "sysconf.lo .text.sysconf", "posix_spawn.lo .text.child",
      "syscall.lo .text.syscall", "__syscall_cp.lo .text.sccp",
      "pthread_cancel.lo .text.__syscall_cp_c", "syscall_cp.lo .text", "setxid.lo .text.do_setxid",
    ]
    #expect(Set(report.unboundSites.map { "\($0.object) \($0.section)" }) == stays)
    let before = try await sites(Self.musl, objdump)
    #expect(report.boundSiteCount + report.unboundSites.count == before)
    #expect(try await sites(bound, objdump) == report.unboundSites.count)
    #expect(report.boundSiteCount > 400 && report.boundCallCount > 40)
    // The calls that every program makes.
    for number in [1, 9, 12, 20, 158, 218, 231] { #expect(report.boundSites[number] != nil) }
    for number in [0, 2, 7, 43, 257] where number != 257 {
      #expect(report.boundCalls[number] != nil || report.boundSites[number] != nil)
    }
  }

  private func sites(_ path: String, _ disassembler: String) async throws -> Int {
    let code = try await Disassembly.of(path, disassembler: disassembler)
    return code.objects.flatMap(\.values).flatMap { $0 }.filter(\.isSystemCall).count
  }
}
