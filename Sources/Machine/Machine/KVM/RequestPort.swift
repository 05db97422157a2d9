// SPDX-License-Identifier: BSD-3-Clause

/// How the host asks the machine for something: bytes that come in on COM1 (16550A datasheet),
/// whose other direction carries the log. Its interrupt is off until somebody wants to hear.
public enum RequestPort {
  /// The application is to end (ASCII ETX, what Ctrl-C sends).
  public static let shutdown: UInt8 = 3

  private static let interruptEnable = Port(0x3f9)
  private static let modemControl = Port(0x3fc)
  private static let lineStatus = Port(0x3fd)
  /// COM1's input of the interrupt controller.
  private static let interruptInput = 4

  /// Has the port interrupt for what comes in; nil when there is no line for it. An edge: what came
  /// before has to be taken first.
  public static func enable() -> InterruptLine? {
    guard let line = Interrupts.route(interruptInput) else { return nil }
    // OUT2 lets the interrupt through; data terminal ready, request to send.
    modemControl.writeByte(0x0b)
    // Received data available.
    interruptEnable.writeByte(1)
    return line
  }

  /// The next byte, when one has come.
  public static func take() -> UInt8? {
    let status = lineStatus.readByte()
    // Nothing there answers 0xff.
    guard status != 0xff, status & 1 != 0 else { return nil }
    return LogPort.data.readByte()
  }
}
