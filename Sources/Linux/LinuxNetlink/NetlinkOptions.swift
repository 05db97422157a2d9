// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import LinuxSockets

/// The options of `SOL_NETLINK` that are yes or no (`netlink(7)`): each is the bit of its number.
struct NetlinkOptions: OptionSet, BitwiseCopyable {
  let rawValue: UInt16

  /// `NETLINK_CAP_ACK`: errors come with the header of the request only.
  static let capsErrors = Self(rawValue: 1 << 10)
  /// `NETLINK_GET_STRICT_CHK`: what a dump's header says narrows it down.
  static let isStrict = Self(rawValue: 1 << 12)

  /// `NETLINK_PKTINFO`, `NETLINK_BROADCAST_ERROR`, `NETLINK_NO_ENOBUFS`,
  /// `NETLINK_LISTEN_ALL_NSID`, `NETLINK_CAP_ACK`, `NETLINK_EXT_ACK`, `NETLINK_GET_STRICT_CHK`.
  /// Those without a name above are about what never comes here: groups and texts of errors.
  fileprivate static let known = Self(rawValue: 0b1_1101_0011_1000)

  /// Nil when there is no such option.
  fileprivate init?(name: Int32) {
    guard name > 0, name < 16, Self.known.rawValue >> UInt16(name) & 1 != 0 else { return nil }
    rawValue = 1 << UInt16(name)
  }

  init(rawValue: UInt16) { self.rawValue = rawValue }
}

extension NetlinkSocket {
  /// `SOL_NETLINK`
  private static let level: Int32 = 270
  /// `NETLINK_ADD_MEMBERSHIP`, `NETLINK_DROP_MEMBERSHIP`, `NETLINK_LIST_MEMBERSHIPS`
  private static let join: Int32 = 1
  private static let leave: Int32 = 2
  private static let memberships: Int32 = 9
  /// More than rtnetlink has (`RTNLGRP_MAX`).
  private static let groupLimit: UInt32 = 64

  /// Throws `noProtocolOption`, and `invalidArgument` for a group that there cannot be.
  func setNetlinkOption(
    _ level: Int32, _ name: Int32, _ value: OptionValue
  ) throws(SystemError) {
    guard level == Self.level else { throw .noProtocolOption }
    if name == Self.join || name == Self.leave {
      return try set(group: UInt32(bitPattern: value.integer()), isMember: name == Self.join)
    }
    guard let option = NetlinkOptions(name: name) else { throw .noProtocolOption }
    if try value.flag() { netlinkOptions.insert(option) } else { netlinkOptions.remove(option) }
  }

  /// Throws `noProtocolOption`.
  func netlinkOption(_ level: Int32, _ name: Int32) throws(SystemError) -> [UInt8] {
    guard level == Self.level else { throw .noProtocolOption }
    if name == Self.memberships {
      var bytes = [UInt8](repeating: 0, count: groups.count * 4)
      for (index, word) in groups.enumerated() { bytes.put(word, at: index * 4) }
      return bytes
    }
    guard let option = NetlinkOptions(name: name) else { throw .noProtocolOption }
    return OptionValue.bytes(netlinkOptions.contains(option))
  }

  private func set(group: UInt32, isMember: Bool) throws(SystemError) {
    guard group >= 1, group <= Self.groupLimit else { throw .invalidArgument }
    let word = Int((group - 1) / 32)
    while groups.count <= word { groups.append(0) }
    let bit: UInt32 = 1 << ((group - 1) % 32)
    if isMember { groups[word] |= bit } else { groups[word] &= ~bit }
  }
}
