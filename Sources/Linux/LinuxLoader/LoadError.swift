// SPDX-License-Identifier: BSD-3-Clause

import Base
import ELF
import LinuxCore

/// Why a program cannot be loaded.
public enum LoadError: Error {
  /// The program's file, or one that it needs, cannot be opened or read.
  case file(Errno)
  /// It is not a regular file, or nobody may execute it.
  case notExecutable
  /// It is neither an ELF program nor a script.
  case unknownFormat
  /// It is an ELF file that the kernel refuses.
  case image(ELFError)
  /// The dynamic loader that the program names cannot be opened or is no program.
  case interpreter(Errno)
  /// Scripts whose interpreters are scripts, more than four deep.
  case nestedScripts
  /// Arguments and environment take more than a quarter of the stack.
  case argumentsTooLong
  /// There is no room in memory, or not where the program must be.
  case memory(Errno)

  /// What `execve(2)` returns.
  public var errno: Errno {
    switch self {
    case .file(let errno), .memory(let errno): errno
    case .notExecutable: .accessDenied
    case .unknownFormat, .image: .notExecutable
    case .interpreter(let errno): errno == .notExecutable ? Errno(rawValue: 80) : errno
    case .nestedScripts: .tooManyLinksInPath
    case .argumentsTooLong: .argumentListTooLong
    }
  }

  /// One clause for the user's message.
  public var reason: StaticString {
    switch self {
    case .file(.noSuchFile): "there is no such file in the root"
    case .file: "the file cannot be read"
    case .notExecutable: "it is not an executable file"
    case .unknownFormat: "it is neither an ELF program nor a script that begins with #!"
    case .image(let error): error.text
    case .interpreter: "its dynamic loader is not in the root, or is damaged"
    case .nestedScripts: "its script interpreters are nested too deep"
    case .argumentsTooLong: "its arguments and environment are too long"
    case .memory: "there is not enough memory for it, or not where it must be"
    }
  }
}

extension ELFError {
  /// One clause for the user's message.
  var text: StaticString {
    switch reason {
    case .truncated: "the ELF file is truncated"
    case .notELF: "it is not an ELF file"
    case .wrongClass: "it is not a 64-bit little-endian ELF file"
    case .wrongMachine: "it is an ELF file for another processor than x86_64"
    case .notExecutable: "it is an ELF file, but not a program"
    case .badProgramHeaders: "the ELF file has damaged program headers"
    case .badSegment: "the ELF file has a segment with impossible sizes"
    case .misaligned: "the ELF file has a misaligned segment"
    case .overlapping: "the ELF file has segments that overlap"
    case .nothingToLoad: "the ELF file has nothing to load"
    case .badInterpreter: "the ELF file has a damaged interpreter name"
    case .outOfRange: "the ELF file has a segment outside the program's address space"
    case .badEntry: "the ELF file begins to run outside its own code"
    }
  }
}
