// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Machine
import ProcFS

/// The processor by CPUID (SDM 2A, CPUID).
enum MachineFacts {
  static func read() -> MachineInformation {
    var information = MachineInformation()
    let first = Processor.identify(0)
    information.highestLeaf = first.a
    information.vendor = bytes([first.b, first.d, first.c])
    let version = Processor.identify(1)
    let family = version.a >> 8 & 15
    let model = version.a >> 4 & 15
    information.family = family == 15 ? 15 + (version.a >> 20 & 255) : family
    information.model =
      family == 6 || family == 15 ? model | (version.a >> 16 & 15) << 4 : model
    information.stepping = version.a & 15
    information.kilohertz = (CycleCounter.frequency ?? Clock.cycleFrequency) / 1000
    let highest = Processor.identify(0x8000_0000).a
    if highest >= 0x8000_0004 { information.brand = brand() }
    if highest >= 0x8000_0008 {
      let sizes = Processor.identify(0x8000_0008).a
      information.physicalAddressBits = sizes & 255
      information.virtualAddressBits = sizes >> 8 & 255
    }
    if highest >= 0x8000_0006 {
      information.cacheKilobytes = Processor.identify(0x8000_0006).c >> 16
    }
    information.featureNames = features(version).names
    return information
  }

  private static func features(_ version: Processor.Identification) -> ProcessorFeatures {
    let more = Processor.identify(7)
    let extended = Processor.identify(0x8000_0001)
    var features = ProcessorFeatures()
    features.leaf1EDX = version.d
    features.leaf1ECX = version.c
    features.leaf7EBX = more.b
    features.leaf7ECX = more.c
    features.leaf7EDX = more.d
    features.extendedEDX = extended.d
    features.extendedECX = extended.c
    features.leafDEAX = Processor.identify(0xd, 1).a
    return features
  }

  private static func brand() -> [UInt8] {
    var words: [UInt32] = []
    for leaf in UInt32(0x8000_0002)...0x8000_0004 {
      let part = Processor.identify(leaf)
      words.append(contentsOf: [part.a, part.b, part.c, part.d])
    }
    var text = bytes(words)
    while let last = text.last, last == 0 || last == UInt8(ascii: " ") { text.removeLast() }
    return text
  }

  private static func bytes(_ words: [UInt32]) -> [UInt8] {
    var bytes: [UInt8] = []
    for word in words {
      for shift in [UInt32(0), 8, 16, 24] {
        bytes.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    return bytes
  }
}
