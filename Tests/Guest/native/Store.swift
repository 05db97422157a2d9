// SPDX-License-Identifier: BSD-3-Clause

import Martlet

@main
struct Store {
  static func say(_ text: String) { Console.output.write("\(text)\n") }

  static func failure(_ body: () throws(FileError) -> Void) -> String {
    do throws(FileError) { try body() } catch {
      switch error {
      case .noSuchFile: return "noSuchFile"
      case .notDirectory: return "notDirectory"
      case .isDirectory: return "isDirectory"
      case .fileExists: return "fileExists"
      case .directoryNotEmpty: return "directoryNotEmpty"
      case .notOpenForThis: return "notOpenForThis"
      case .tooManyLinks: return "tooManyLinks"
      case .nameTooLong: return "nameTooLong"
      case .otherFileSystem: return "otherFileSystem"
      case .invalid: return "invalid"
      default: return "another"
      }
    }
    return "nothing"
  }

  static func main() throws(FileError) {
    try archive()
    try changes("/")
    try archive()
  }

  static func archive() throws(FileError) {
    try File.withContents(of: "/www/link") { Console.output.write($0) }
    var sum = 0
    var file = try File(reading: "/www/big")
    var buffer = [UInt8](repeating: 0, count: 3000)
    while case let count = try file.read(into: &buffer), count > 0 {
      for byte in buffer[..<count] { sum += Int(byte) }
    }
    say("read \(sum) of \(try file.byteCount)")
    var names = try Directory("/www/../www/")
    var total = 0
    while let entry = try names.next() {
      total += entry.name.count * (entry.kind == .regular ? 1 : 100)
    }
    say("names \(total)")
    let long = FilePath([UInt8](repeating: 97, count: 256))
    say("missing " + failure { () throws(FileError) in _ = try File(reading: "/none") })
    say("slash " + failure { () throws(FileError) in _ = try File(reading: "/greeting/") })
    say("folder " + failure { () throws(FileError) in _ = try File(reading: "/www") })
    say("loop " + failure { () throws(FileError) in _ = try File(reading: "/loop") })
    say("long " + failure { () throws(FileError) in _ = try File(reading: long) })
    say("exists \(File.exists("/www/empty")) \(File.exists("/../greeting"))")
    say("exists \(File.exists("/www/none"))")
  }

  static func changes(_ folder: StaticString) throws(FileError) {
    func at(_ name: StaticString) -> FilePath {
      var path = FilePath(stringLiteral: folder)
      path.append(name)
      return path
    }
    do {
      var file = try File(at("new"), [.read, .write, .create, .exclusive])
      try file.write("0123456789")
      let letters: [UInt8] = [97, 98, 99]
      try file.write(RawSpan(_elements: letters.span), at: 100_000)
      say("size \(try file.byteCount)")
      var part = [UInt8](repeating: 1, count: 6)
      var elements = part.mutableSpan
      var span = MutableRawSpan(_elements: &elements)
      let count = try file.read(into: &span, at: 99_998)
      say("hole \(count) \(part[0]) \(part[1]) \(part[2]) \(part[4]) \(part[5])")
      try file.truncate(to: 5)
      try file.synchronize()
      try file.write(RawSpan(_elements: letters.span), at: 4)
    }
    try File.withContents(of: at("new")) { Console.output.write($0) }
    say("")
    let anew: FileOptions = [.write, .create, .exclusive]
    say("again " + failure { () throws(FileError) in _ = try File(at("new"), anew) })
    let reader = failure { () throws(FileError) in
      var file = try File(at("new"), .read)
      try file.write("no")
    }
    say("reader " + reader)
    say("neither " + failure { () throws(FileError) in _ = try File(at("new"), .create) })
    try Directory.make(at("made"))
    say("twice " + failure { () throws(FileError) in try Directory.make(at("made")) })
    try File.rename(at("new"), to: at("made/old"))
    say("gone \(File.exists(at("new"))) \(try File.information(of: at("made/old")).byteCount)")
    say("full " + failure { () throws(FileError) in try Directory.remove(at("made")) })
    let below = failure { () throws(FileError) in
      try File.rename(at("made"), to: at("made/x"))
    }
    say("below " + below)
    say("kind " + failure { () throws(FileError) in try File.remove(at("made")) })
    var names = try Directory(at("made"))
    while let entry = try names.next() { Console.output.write(RawSpan(_elements: entry.name.span)) }
    say("")
    try File.remove(at("made/old"))
    try Directory.remove(at("made"))
    say("removed \(File.exists(at("made")))")
  }
}
