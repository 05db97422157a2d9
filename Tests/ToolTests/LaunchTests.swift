// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import Testing
import ToolSupport

@testable import Launch

/// The whole way of a launch with `Support/fake-qemu` in QEMU's place.
@Suite(.serialized) struct LaunchTests {
  static let support = (#filePath as NSString).deletingLastPathComponent + "/Support"

  func launcher(_ behaviour: String, _ arguments: [String] = []) -> Launcher {
    let plan = Plan(
      file: "martlet.yaml", directory: "/", name: behaviour, command: ["/bin/\(behaviour)"])
    var options = LaunchOptions()
    options.arguments = arguments
    // Not what is tested: it keeps a mistake from stopping the test run.
    options.timeout = .seconds(120)
    return Launcher(
      kernel: "\(Self.support)/tiny-kernel.S", archive: nil, plan: plan, options: options,
      qemu: "\(Self.support)/fake-qemu")
  }

  func temporary() -> String {
    FileManager.default.temporaryDirectory.path + "/martlet-tests-\(UUID().uuidString)"
  }

  @Test(arguments: [0, 1, 7, 124, 125, 139, 255] as [Int32])
  func passesTheStatusOn(status: Int32) async throws {
    let result = try await launcher("status", ["\(status)"]).run(.captured)
    #expect(result.status == status)
  }

  /// `kill` with QEMU's process number ends it.
  @Test func signalsThatEndReachTheEmulator() async throws {
    let result = try await launcher("signals").run(.captured)
    #expect(String(decoding: result.output, as: UTF8.self) == "")
    #expect(result.status == 0)
  }

  @Test func keepsTheStreamsApart() async throws {
    let result = try await launcher("echo").run(.captured)
    #expect(result.output == Array("o".utf8))
    #expect(result.errors == Array("e".utf8))
  }

  @Test func passesArgumentsOfAnyKindAndLength() async throws {
    for arguments in [["a b", "", "é%\n="], [String(repeating: "long ", count: 5000)]] {
      let result = try await launcher("arguments", arguments).run(.captured)
      #expect(String(decoding: result.output, as: UTF8.self) == arguments.joined(separator: "\n"))
    }
  }

  @Test func hundredMegabytesOfOutputArriveWhole() async throws {
    let count = 100_000_000
    let path = temporary()
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(file) }
    let streams = GuestStreams(
      input: nil, output: .descriptor(file), errors: .capture, catchesSignals: false)
    let result = try await launcher("flood", ["\(count)"]).run(streams)
    #expect(result.status == 0)
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(data.count == count)
    let period = Data((0..<65536).map { UInt8($0 & 255) })
    let isWhole = stride(from: 0, to: count, by: period.count).allSatisfy { start in
      let end = min(count, start + period.count)
      return data[start..<end] == period.prefix(end - start)
    }
    #expect(isWhole)
  }

  @Test(arguments: ["cat", "slow-cat"])
  func binaryInputArrivesWholeAndEnds(behaviour: String) async throws {
    var source = PlanFuzzTests.Source(state: 7)
    let bytes = (0..<1_250_000).flatMap { _ in
      let word = source.next()
      return (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
    }
    let path = temporary()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let file = open(path, O_RDONLY | O_CLOEXEC)
    defer { close(file) }
    let streams = GuestStreams(
      input: file, output: .capture, errors: .capture, catchesSignals: false)
    let result = try await launcher(behaviour).run(streams)
    #expect(result.output.count == bytes.count)
    #expect(result.output == bytes)
  }

  @Test func endsInputThatIsNotThere() async throws {
    let result = try await launcher("cat").run(.captured)
    #expect(result == GuestResult(status: 0))
  }

  @Test func endsAfterTheTimeout() async throws {
    let pidFile = temporary()
    defer { try? FileManager.default.removeItem(atPath: pidFile) }
    var launcher = launcher("sleep", [pidFile])
    launcher.options.timeout = .seconds(1)
    let result = try await launcher.run(.captured)
    #expect(result.status == 124)
    #expect(result.output == Array("started\n".utf8))
    try expectGone(pidFile)
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func signalsEndTheGuest(number: Int32) async throws {
    let pidFile = temporary()
    defer { try? FileManager.default.removeItem(atPath: pidFile) }
    let launcher = launcher("sleep", [pidFile])
    async let result = launcher.run(
      GuestStreams(input: nil, output: .capture, errors: .capture, catchesSignals: true))
    // Handlers are in place before QEMU starts, and it writes its number after that.
    while (FileManager.default.contents(atPath: pidFile) ?? Data()).isEmpty {
      try await Task.sleep(for: .milliseconds(20))
    }
    kill(getpid(), number)
    #expect(try await result.status == 128 + number)
    try expectGone(pidFile)
  }

  @Test func endsQuietlyWhenTheReaderHasGone() async throws {
    let pipe = Channel.pipe()
    pipe.reader.close()
    defer { pipe.writer.close() }
    let streams = GuestStreams(
      input: nil, output: .descriptor(pipe.writer.number), errors: .capture, catchesSignals: false)
    #expect(try await launcher("flood", ["1000000"]).run(streams).status == 141)
  }

  @Test func saysWhenTheDiskIsFull() async throws {
    let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
    defer { close(full) }
    let streams = GuestStreams(
      input: nil, output: .descriptor(full), errors: .capture, catchesSignals: false)
    let error = await #expect(throws: ToolError.self) {
      try await launcher("flood", ["1000000"]).run(streams)
    }
    #expect(error?.what.contains("No space left") == true)
  }

  @Test(arguments: [
    ("die", "QEMU failed with status 1\n  qemu-system-x86_64: something is wrong"),
    ("vanish", "without telling a status"), ("crash", "signal 11"),
    ("panic", "the kernel panicked"),
  ])
  func explainsFailures(behaviour: String, what: String) async throws {
    let error = await #expect(throws: ToolError.self) {
      try await launcher(behaviour).run(.captured)
    }
    #expect(error?.what.contains(what) == true, "\(String(describing: error))")
    #expect(error?.status == 125)
  }

  @Test func keepsTheLog() async throws {
    let result = try await launcher("notice").run(.captured)
    #expect(result.status == 139)
    #expect(result.log.last == "N 0000.000002 signals: killed by SIGSEGV at 0x10")
  }

  @Test func saysThatThereIsNoQEMU() async throws {
    var launcher = launcher("echo")
    launcher.qemu = "/nowhere/qemu"
    let error = await #expect(throws: ToolError.self) { try await launcher.run(.captured) }
    #expect(error?.what.contains("not installed") == true)
  }

  @Test func refusesTooLittleMemoryBeforeStarting() async throws {
    var launcher = launcher("echo")
    launcher.options.memory = .mebibytes(1)
    let error = await #expect(throws: ToolError.self) { try await launcher.run(.captured) }
    #expect(error?.what.contains("1 MiB of memory are too little") == true)
  }

  /// The process may stay as a zombie for a moment until its new parent has looked.
  private func expectGone(_ pidFile: String) throws {
    let identifier = try String(contentsOfFile: pidFile, encoding: .utf8)
    let state = (try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)) ?? ""
    #expect(state.isEmpty || state.contains("State:\tZ"))
  }

  @Test(arguments: LaunchOptions.Machine.allCases)
  func realQEMUBootsATinyKernel(machine: LaunchOptions.Machine) async throws {
    let qemu = try #require(Paths.executable("qemu-system-x86_64"), "QEMU is not installed")
    let kernel = temporary()
    defer { try? FileManager.default.removeItem(atPath: kernel) }
    let output = try await ExternalCommand(
      "cc",
      [
        "-nostdlib", "-static", "-no-pie", "-Wl,-Ttext=0x200000,--build-id=none", "-e", "entry",
        "-o", kernel, "\(Self.support)/tiny-kernel.S",
      ]
    ).run()
    try #require(output.isSuccess, "\(output.errorText)")
    var launcher = launcher("tiny", [String(repeating: "long", count: 2000)])
    launcher.kernel = kernel
    launcher.qemu = qemu
    launcher.options.machine = machine
    launcher.options.accelerator = .tcg
    let result = try await launcher.run(.captured)
    #expect(result.status == 7)
    #expect(result.log.contains("I 0000.000001 tiny: hello"))
  }
}
