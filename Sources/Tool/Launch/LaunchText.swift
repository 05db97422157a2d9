// SPDX-License-Identifier: BSD-3-Clause

import Plan
import ToolSupport

/// The text that tells the kernel what to run; its grammar is in `Docs/martlet.1.md`, LAUNCH TEXT.
public struct LaunchText: Sendable, Equatable {
  /// What standard input is to the program.
  public enum Input: String, Sendable { case none, pipe, tty }

  /// The longest text that goes on the kernel's command line, in bytes.
  public static let commandLineLimit = 3500

  /// Words separated by single spaces, `key=value`, values percent-encoded.
  public private(set) var text = ""

  /// Describes a start of `plan`.
  ///
  /// - Parameters:
  ///   - clock: nanoseconds since 1970 at the start; `nil` leaves the word out, for an image
  ///     that is started later.
  ///   - seed: the boot seed for random numbers, 32 bytes; empty leaves the word out.
  public init(
    plan: Plan, options: LaunchOptions, input: Input, clock: UInt64?, seed: [UInt8]
  ) {
    add("program", plan.command.first ?? "/")
    let arguments = options.arguments ?? Array(plan.command.dropFirst())
    // A native application has no path, but a name all the same.
    let program = plan.command.first ?? plan.name
    for argument in [program] + arguments { add("arg", argument) }
    for variable in Self.environment(plan: plan, options: options) { add("env", variable.text) }
    if let directory = plan.workingDirectory { add("cwd", directory) }
    if let clock { add("clock", String(clock)) }
    add("log", Self.logLevel(options))
    add("hostname", options.name ?? plan.name)
    if let addressing = options.network?.addressing {
      for address in addressing.addresses { add("ip", address) }
      for gateway in addressing.gateways { add("gateway", gateway) }
      for server in addressing.nameServers { add("dns", server) }
    }
    if !seed.isEmpty { add("seed", seed.map(Self.hexadecimal).joined()) }
    add("stdin", input.rawValue)
    for (index, volume) in plan.volumes.enumerated() {
      add(
        "volume",
        "\(SharedFolders.tag(index)):\(volume.guest)" + (volume.isReadOnly ? ":ro" : ""))
    }
    if let owner = options.hostOwner, owner != HostOwner(user: 0, group: 0) {
      add("owner", "\(owner.user):\(owner.group)")
    }
  }

  /// The kernel's command line: the text itself, or where to find it when it is too long.
  public func commandLine(options: LaunchOptions) -> String {
    let whole = isTooLong ? "launch=fw_cfg log=\(Self.logLevel(options))" : text
    return options.tracesBoot ? whole + " trace=boot" : whole
  }

  /// Whether the text must go by the firmware configuration device.
  public var isTooLong: Bool { text.utf8.count > Self.commandLineLimit }

  /// Everything but letters, digits and `_ - . / : , + @` becomes `%XX`.
  public static func encoded(_ value: String) -> String {
    var result = ""
    for byte in value.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, 95, 45, 46, 47, 58, 44, 43, 64:
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default: result += "%" + hexadecimal(byte).uppercased()
      }
    }
    return result
  }

  /// What every Linux program gets, then the plan's variables, then the options'; later ones win.
  static func environment(plan: Plan, options: LaunchOptions) -> [EnvironmentVariable] {
    var variables: [EnvironmentVariable] = []
    if plan.kind == .linux {
      variables = [
        EnvironmentVariable(
          name: "PATH", value: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        EnvironmentVariable(name: "HOME", value: "/root"),
      ]
    }
    for variable in plan.environment + options.environment {
      variables.removeAll { $0.name == variable.name }
      variables.append(variable)
    }
    return variables
  }

  private static func logLevel(_ options: LaunchOptions) -> String {
    (options.logLevel ?? (options.isVerbose ? .debug : .warning)).rawValue
  }

  private mutating func add(_ key: String, _ value: String) {
    if !text.isEmpty { text += " " }
    text += "\(key)=\(Self.encoded(value))"
  }

  private static func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}
