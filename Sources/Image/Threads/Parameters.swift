// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import CommandLine
import FirmwareConfiguration
import Log
import Machine

/// What the host asks for, from the command line, the image or the firmware configuration.
public struct Parameters {
  public var text: BootParameters
  var seed: [UInt8] { text.seed }

  /// The machine's command line as it was given.
  var kernelCommandLine: [UInt8] { BootInformation.commandLine.byteArray }

  var wallTime: Int64? {
    text.clockNanoseconds.map { Int64(bitPattern: $0) } ?? WallClock.atBoot()
  }

  var logLevel: LogLevel {
    switch text.logLevel {
    case .error: .error
    case .info: .information
    case .debug: .debug
    default: .warning
    }
  }

  /// Reads them all. What an image carries comes first, so that the machine's command line can
  /// add to it; a text that cannot be understood stops the boot.
  static func read() -> Parameters {
    var parameters = BootParameters()
    do {
      if BootInformation.module == nil { try parameters.add(parsing: ImageLayout.commandLine) }
      try parameters.add(parsing: BootInformation.commandLine)
    } catch {
      Panic.refuse("boot", "the command line cannot be understood")
    }
    if parameters.isInFirmwareConfiguration { readFirmware(&parameters) }
    return Parameters(text: parameters)
  }

  private static func readFirmware(_ parameters: inout BootParameters) {
    guard let firmware = FirmwareConfiguration(),
      let bytes = try? firmware.file(named: "opt/martlet/launch")
    else {
      Panic.refuse("boot", "the machine has no file opt/martlet/launch")
    }
    add(bytes, to: &parameters)
  }

  private static func add(_ bytes: [UInt8], to parameters: inout BootParameters) {
    do {
      try parameters.add(parsing: RawSpan(_elements: bytes.span))
    } catch {
      Panic.refuse("boot", "the file opt/martlet/launch cannot be understood")
    }
  }
}
