// SPDX-License-Identifier: BSD-3-Clause

import Binding

/// The parts of the script that only an image with a linked C program has.
///
/// The program runs where Linux programs do, and its bytes lie among the kernel's: code and constants
/// behind the kernel's constants, so that no address of theirs can be written through, and data in
/// front of the kernel's. What begins as zeros has no bytes; the kernel maps it.
extension LinkerScript {
  struct Program {
    /// The calls that `syscall` instructions may make; nil where no such instruction is left.
    var tableCalls: Set<Int>?
    /// The calls that the kernel has functions for.
    var servedCalls: Set<Int>
    /// Whether the program opens files or looks for them, and whether it makes sockets.
    var opensFiles = false
    var makesSockets = false

    /// Takes in what the linker has found in use.
    ///
    /// - Parameter names: the image's symbols. The C library's start opens a file (2) only in programs
    ///   with other rights than their user's.
    mutating func reaches(_ calls: Set<Int>, names: Set<String>) {
      opensFiles =
        !calls.isDisjoint(with: Self.fileCalls)
        || LibraryBinder.makes(2, in: names, besides: "__libc_start_main")
      makesSockets = calls.contains(41)
    }

    /// The calls that take a path.
    private static let fileCalls: Set = [
      4, 6, 21, 76, 79, 80, 82, 83, 84, 85, 86, 87, 88, 89, 90, 92, 94, 132, 133, 137, 161, 165,
      188, 189, 191, 192, 194, 195, 197, 198, 235, 254, 257, 258, 259, 260, 261, 262, 263, 264, 265,
      266, 267, 268, 269, 280, 316, 332, 437, 439,
    ]

    /// Where its objects lie, as a pattern; the two folders in it are `Application` and `CLibrary`.
    static let objects = "*/bound.objects"
  }

  static let programStart = "0x400000"

  static let programMarks: Set<String> = [
    "martlet_program_text_start", "martlet_program_text_end", "martlet_program_text_place",
    "martlet_program_rodata_start", "martlet_program_rodata_end", "martlet_program_rodata_place",
    "martlet_program_data_start", "martlet_program_data_end", "martlet_program_data_place",
    "martlet_program_bss_end", "martlet_program_tls_start", "martlet_program_tls_file_size",
    "martlet_program_tls_size", "martlet_program_next", "martlet_bound_calls",
    "program___preinit_array_start", "program___preinit_array_end", "program___init_array_start",
    "program___init_array_end", "program___fini_array_start", "program___fini_array_end",
    "program__DYNAMIC",
  ]

  /// Who serves a `syscall` instruction, and what stands for calls that nobody serves.
  var server: String {
    guard let program else {
      // A native image never takes a system call; its name stands for what is in it anyway.
      let server = layout.hasVectorRegisters ? layout.outsideSymbol : "martlet_system_call"
      return "martlet_serve_system_call = \(server);"
    }
    let absent = (0..<LibraryBinder.callLimit).filter { !program.servedCalls.contains($0) }
    let hasTable = program.tableCalls != nil
    return
      ([
        "martlet_want_files = martlet_\(program.opensFiles ? "prepare_files" : "want_nothing");",
        "martlet_want_network = martlet_\(program.makesSockets ? "prepare_network" : "want_nothing");",
        "martlet_serve_system_call = \(hasTable ? "martlet_bound_call" : "martlet_call_absent");",
      ] + absent.map { "PROVIDE(\(LibraryBinder.functionName)\($0) = martlet_call_absent);" })
      .joined(separator: "\n")
  }

  /// The name that the compiler gives the image's entry where SwiftPM does not link it.
  var mainSymbol: String { program == nil ? layout.mainSymbol : "Image_main" }

  var programHeaders: String {
    guard program != nil else { return "" }
    return """
        program_text PT_LOAD FLAGS(5);
        program_rodata PT_LOAD FLAGS(4);
        program_tls PT_TLS FLAGS(4);
        program_data PT_LOAD FLAGS(6);
      """
  }

  /// The table for `syscall` instructions that stay.
  var programTable: String {
    guard let program, let calls = program.tableCalls else { return "" }
    let words = (0..<LibraryBinder.callLimit).map { number in
      let isServed = calls.contains(number) && program.servedCalls.contains(number)
      return isServed
        ? "QUAD(\(LibraryBinder.functionName)\(number))" : "QUAD(martlet_call_absent)"
    }
    return """
        .rodata.CallTable : AT(ADDR(.rodata.CallTable) - VIRTUAL + PHYSICAL) {
          martlet_bound_calls = .;
          \(words.joined(separator: " "))
        } :rodata
      """
  }

  var programConstants: String {
    guard program != nil else { return "" }
    let arrays = ["preinit_array", "init_array", "fini_array"].map { name in
      """
      program___\(name)_start = .;
      KEEP(\(Program.objects)/*(.\(name) .\(name).*))
      program___\(name)_end = .;
      """
    }
    // The C library looks whether it is linked dynamically, by the address of a table that is not
    // there; it must be near.
    let table = "program__DYNAMIC = .; "
    return """
        martlet_program_text_place = .;
        . = \(Self.programStart);
        martlet_program_text_start = .;
      \(parts("text", [".text", ".text.*"], from: "text", in: "program_text"))
        martlet_program_text_end = .;
        . = ALIGN(4096);
        martlet_program_rodata_start = .;
        martlet_program_rodata_place =
          martlet_program_text_place + (martlet_program_rodata_start - martlet_program_text_start);
      \(parts("rodata", [".rodata", ".rodata.*", ".data.rel.ro", ".data.rel.ro.*"], from: "text",
        in: "program_rodata"))
      \(programSection(".rodata.ProgramArrays", table + arrays.joined(separator: " "), from: "text",
        in: "program_rodata"))
        .tdata : AT(ADDR(.tdata) - martlet_program_text_start
          + martlet_program_text_place - VIRTUAL + PHYSICAL) ALIGN(64) {
          *(.tdata .tdata.*)
        } :program_rodata :program_tls
        .tbss : { *(.tbss .tbss.*) } :program_rodata :program_tls
        martlet_program_tls_start = ADDR(.tdata);
        martlet_program_tls_file_size = SIZEOF(.tdata);
        martlet_program_tls_size = SIZEOF(.tdata) + SIZEOF(.tbss);
        martlet_program_rodata_end = .;
        . = ALIGN(4096);
        martlet_program_next = .;
        . = martlet_program_text_place + (martlet_program_next - martlet_program_text_start);
      """
  }

  var programData: String {
    guard program != nil else { return "" }
    return """
        martlet_program_data_place = .;
        . = martlet_program_next;
        martlet_program_data_start = .;
      \(parts("data", [".data", ".data.*"], from: "data", in: "program_data"))
      \(programSection(".data.ProgramEnd", ". = ALIGN(4096);", from: "data", in: "program_data"))
        martlet_program_data_end = .;
        .bss.Application (NOLOAD) : {
          \(Program.objects)/Application/*(.bss .bss.* COMMON)
        } :NONE
        .bss.CLibrary (NOLOAD) : { \(Program.objects)/CLibrary/*(.bss .bss.* COMMON) } :NONE
        martlet_program_bss_end = .;
        . = martlet_program_data_place + (martlet_program_data_end - martlet_program_data_start);
      """
  }

  private func parts(
    _ kind: String, _ patterns: [String], from start: String, in segment: String
  ) -> String {
    ["Application", "CLibrary"].map { part in
      programSection(
        ".\(kind).\(part)", "\(Program.objects)/\(part)/*(\(patterns.joined(separator: " ")))",
        from: start, in: segment)
    }.joined(separator: "\n")
  }

  /// A section whose place in the image has the same distance to its address as the start's.
  private func programSection(
    _ name: String, _ content: String, from start: String, in segment: String
  ) -> String {
    """
      \(name) : AT(ADDR(\(name)) - martlet_program_\(start)_start
        + martlet_program_\(start)_place - VIRTUAL + PHYSICAL) { \(content) } :\(segment)
    """
  }
}
