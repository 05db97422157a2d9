// SPDX-License-Identifier: BSD-3-Clause

/// What the host asks the kernel to run, and how: the meaning of the kernel command line.
///
/// The host tool fills one in and sends `encoded()`; the kernel gets it back with
/// `init(parsing:)`. Texts are bytes, as Linux has them: no encoding is assumed and no byte but
/// zero is forbidden.
public struct BootParameters: Equatable, Sendable {
  /// Where standard input comes from.
  public enum StandardInput: UInt8, Sendable {
    /// No input: end of file at once.
    case none
    /// The console's input port, as a pipe.
    case pipe
    /// The console's input port, as a terminal.
    case terminal
  }

  /// The least serious lines that the kernel writes to its log.
  public enum LogLevel: UInt8, Sendable {
    case error, warning, info, debug
  }

  /// The path of the program in the root; empty when none was given. Key `program`.
  public var program: [UInt8] = []
  /// The program's arguments, argument 0 first. Key `arg`, repeated.
  public var arguments: [[UInt8]] = []
  /// The environment, each as `NAME=VALUE`. Key `env`, repeated.
  public var environment: [[UInt8]] = []
  /// The working directory; empty for the root directory. Key `cwd`.
  public var workingDirectory: [UInt8] = []
  /// The time of day at boot in nanoseconds since 1970, where the host told. Key `clock`.
  public var clockNanoseconds: UInt64? = nil
  /// Key `log`.
  public var logLevel: LogLevel? = nil
  /// Empty when not given. Key `hostname`.
  public var hostname: [UInt8] = []
  /// The addresses of the network card, each as `ADDRESS/LENGTH`; empty for those that the network
  /// gives. Key `ip`, repeated.
  public var networkAddresses: [[UInt8]] = []
  /// The routers of the default routes. Key `gateway`, repeated.
  public var gateways: [[UInt8]] = []
  /// Whom to ask for names. Key `dns`, repeated.
  public var nameServers: [[UInt8]] = []
  /// Random bytes from the host, usually 32; empty when not given. Key `seed`, in hexadecimal.
  public var seed: [UInt8] = []
  /// Folders of the host, in the order in which they are mounted. Key `volume`, repeated.
  public var volumes: [VolumeRequest] = []
  /// The host's user and group that own what the guest's root makes in volumes. Key `owner`, as
  /// `USER:GROUP`.
  public var hostUser: UInt32 = 0
  public var hostGroup: UInt32 = 0
  /// Key `stdin`: `none`, `pipe` or `tty`.
  public var standardInput: StandardInput? = nil
  /// Whether the whole text is in the firmware configuration file `opt/martlet/launch`, because
  /// it is too long for a command line. Key `launch=fw_cfg`.
  public var isInFirmwareConfiguration: Bool = false
  /// The virtio-mmio devices that the machine announces, in its order. Key
  /// `virtio_mmio.device`, repeated.
  public var virtioDevices: [VirtioDeviceWindow] = []

  /// Creates parameters that say nothing.
  public init() {}
}
