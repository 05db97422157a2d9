// SPDX-License-Identifier: BSD-3-Clause

import Base
import CommandLine
import Testing

@Suite("Kernel command line")
struct CommandLineTests {
  private func parse(_ text: String) throws(CommandLineError) -> BootParameters {
    let bytes = Array(text.utf8)
    return try BootParameters(parsing: bytes.span.bytes)
  }

  private func reason(of text: String) -> CommandLineError? {
    do {
      _ = try parse(text)
      return nil
    } catch {
      return error
    }
  }

  @Test("every key is understood")
  func everyKey() throws {
    let parameters = try parse(
      "program=/usr/bin/lua arg=lua arg=-e arg=print%281%29 env=A=B env=C%3DD%20E cwd=/tmp"
        + " clock=1700000000123456789 log=debug hostname=box seed=00fF10 stdin=tty launch=fw_cfg"
        + " volume=v0:/data volume=v1:/a%20b:c:ro owner=1000:100"
        + " virtio_mmio.device=512@0xfeb00e00:12 virtio_mmio.device=1K@4096:0x5:7")
    #expect(parameters.program == Array("/usr/bin/lua".utf8))
    #expect(parameters.arguments == ["lua", "-e", "print(1)"].map { Array($0.utf8) })
    #expect(parameters.environment == ["A=B", "C=D E"].map { Array($0.utf8) })
    #expect(parameters.workingDirectory == Array("/tmp".utf8))
    #expect(parameters.clockNanoseconds == 1_700_000_000_123_456_789)
    #expect(parameters.logLevel == .debug)
    #expect(
      parameters.volumes == [
        VolumeRequest(tag: Array("v0".utf8), path: Array("/data".utf8)),
        VolumeRequest(tag: Array("v1".utf8), path: Array("/a b:c".utf8), isReadOnly: true),
      ])
    #expect(parameters.hostUser == 1000 && parameters.hostGroup == 100)
    #expect(parameters.hostname == Array("box".utf8))
    #expect(parameters.seed == [0x00, 0xff, 0x10])
    #expect(parameters.standardInput == .terminal)
    #expect(parameters.isInFirmwareConfiguration)
    #expect(
      parameters.virtioDevices == [
        VirtioDeviceWindow(
          address: PhysicalAddress(0xfeb0_0e00), byteCount: 512, interruptLine: 12),
        VirtioDeviceWindow(address: PhysicalAddress(4096), byteCount: 1024, interruptLine: 5),
      ])
  }

  @Test("what is not ours is ignored")
  func unknown() throws {
    #expect(try parse("") == BootParameters())
    #expect(try parse("  quiet console=ttyS0 argument=%zz = =x \0\n") == BootParameters())
    #expect(try parse("arg=").arguments == [[]])
  }

  @Test("of a key that stands once the last value counts")
  func lastCounts() throws {
    #expect(try parse("cwd=/a log=info cwd=/b log=error").workingDirectory == Array("/b".utf8))
    #expect(try parse("cwd=/a log=info cwd=/b log=error").logLevel == .error)
  }

  @Test(
    "wrong values are refused with their place",
    arguments: [
      ("arg=%", CommandLineError(.badPercentEncoding, at: 4)),
      ("arg=a%4", CommandLineError(.badPercentEncoding, at: 5)),
      ("volume=", CommandLineError(.badVolume, at: 7)),
      ("volume=v0:data", CommandLineError(.badVolume, at: 7)),
      ("volume=:/data", CommandLineError(.badVolume, at: 7)),
      ("owner=1", CommandLineError(.badNumber, at: 6)),
      ("owner=1:4294967296", CommandLineError(.badNumber, at: 6)),
      ("log=info arg=%4g", CommandLineError(.badPercentEncoding, at: 13)),
      ("arg=ab%00", CommandLineError(.zeroByte, at: 6)),
      ("clock=", CommandLineError(.badNumber, at: 6)),
      ("clock=12x", CommandLineError(.badNumber, at: 8)),
      ("clock=18446744073709551616", CommandLineError(.badNumber, at: 6)),
      ("clock=0x", CommandLineError(.badNumber, at: 6)),
      ("seed=abc", CommandLineError(.badNumber, at: 7)),
      ("seed=zz", CommandLineError(.badNumber, at: 5)),
      ("log=loud", CommandLineError(.unknownChoice, at: 4)),
      ("log=", CommandLineError(.unknownChoice, at: 4)),
      ("stdin=file", CommandLineError(.unknownChoice, at: 6)),
      ("launch=disk", CommandLineError(.unknownChoice, at: 7)),
      ("virtio_mmio.device=512", CommandLineError(.badDeviceWindow, at: 19)),
      ("virtio_mmio.device=512@4096", CommandLineError(.badDeviceWindow, at: 19)),
      ("virtio_mmio.device=0@4096:1", CommandLineError(.badDeviceWindow, at: 19)),
      ("virtio_mmio.device=512@4096:256", CommandLineError(.badDeviceWindow, at: 19)),
      ("virtio_mmio.device=512@0xfffffffffffffe00:1", CommandLineError(.badDeviceWindow, at: 19)),
      ("virtio_mmio.device=512@4096:1x", CommandLineError(.badDeviceWindow, at: 19)),
    ])
  func refused(_ text: String, _ error: CommandLineError) {
    #expect(reason(of: text) == error)
  }

  @Test("the greatest clock is read")
  func greatestNumber() throws {
    #expect(try parse("clock=18446744073709551615").clockNanoseconds == .max)
    #expect(try parse("clock=0x10").clockNanoseconds == 16)
  }

  @Test("texts are plain or %XX in the encoded line")
  func encodedBytes() {
    var parameters = BootParameters()
    parameters.program = Array("/bin/a b".utf8)
    parameters.arguments = [Array("x=%\"'é".utf8), []]
    parameters.environment = [Array("K=V".utf8)]
    parameters.standardInput = .pipe
    #expect(
      String(decoding: parameters.encoded(), as: UTF8.self)
        == "stdin=pipe program=/bin/a%20b arg=x%3D%25%22%27%C3%A9 arg= env=K%3DV")
  }

  @Test("the short line sends the kernel to the firmware configuration")
  func shortLine() {
    var parameters = BootParameters()
    parameters.program = Array("/bin/sh".utf8)
    parameters.logLevel = .info
    #expect(
      String(decoding: parameters.encodedForFirmwareConfiguration(), as: UTF8.self)
        == "launch=fw_cfg log=info")
  }

  @Test("the firmware configuration's text adds to the line")
  func adding() throws {
    var parameters = try parse("launch=fw_cfg log=info virtio_mmio.device=512@4096:1")
    let rest = Array("log=debug arg=a".utf8)
    try parameters.add(parsing: rest.span.bytes)
    #expect(parameters.logLevel == .debug)
    #expect(parameters.arguments == [[UInt8(ascii: "a")]])
    #expect(parameters.virtioDevices.count == 1)
  }

  @Test("any parameters come back", arguments: 0..<200)
  func roundTrip(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    func text() -> [UInt8] {
      (0..<Int.random(in: 1...20, using: &random)).map { _ in
        UInt8.random(in: 1...255, using: &random)
      }
    }
    var parameters = BootParameters()
    parameters.program = text()
    parameters.arguments = (0..<Int.random(in: 0...4, using: &random)).map { _ in text() }
    parameters.environment = (0..<Int.random(in: 0...4, using: &random)).map { _ in text() }
    parameters.workingDirectory = text()
    parameters.clockNanoseconds = random.next()
    parameters.logLevel = [nil, .error, .warning, .info, .debug].randomElement(using: &random)!
    parameters.hostname = text()
    parameters.seed = text()
    parameters.standardInput = [nil, .some(.none), .pipe, .terminal].randomElement(using: &random)!
    parameters.isInFirmwareConfiguration = Bool.random(using: &random)
    parameters.virtioDevices = [
      VirtioDeviceWindow(
        address: PhysicalAddress(UInt.random(in: 0..<1 << 51, using: &random)),
        byteCount: Int.random(in: 1...1 << 20, using: &random),
        interruptLine: Int.random(in: 0...255, using: &random))
    ]
    let encoded = parameters.encoded()
    #expect(try BootParameters(parsing: encoded.span.bytes) == parameters)
  }

  @Test("garbage never traps", arguments: 0..<50)
  func garbage(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let pieces = [
      "arg=", "%4", "%", "clock=", "9", "virtio_mmio.device=", "512@", ":", " ", "0x", "seed=", "f",
    ].map { Array($0.utf8) }
    for _ in 0..<200 {
      var text: [UInt8] = []
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        if Int.random(in: 0...3, using: &random) == 0 {
          text.append(UInt8.random(in: 0...255, using: &random))
        } else {
          text += pieces.randomElement(using: &random)!
        }
      }
      do {
        let parameters = try BootParameters(parsing: text.span.bytes)
        // What was understood can be said again.
        #expect(try BootParameters(parsing: parameters.encoded().span.bytes) == parameters)
      } catch let error as CommandLineError {
        #expect(error.offset <= text.count)
      } catch {
        Issue.record("untyped error")
      }
    }
  }
}
