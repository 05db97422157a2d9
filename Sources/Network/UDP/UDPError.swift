// SPDX-License-Identifier: BSD-3-Clause

import Internet

/// Why a call on an endpoint fails.
public enum UDPError: Error, Equatable, Sendable {
  /// EADDRINUSE: another endpoint has the port, or none is left.
  case addressInUse
  /// EADDRNOTAVAIL: no address of this host.
  case addressNotAvailable
  /// EINVAL: it has a port already, or is closed.
  case invalid
  /// EAFNOSUPPORT or ENETUNREACH: the other version of IP.
  case wrongVersion
  /// EDESTADDRREQ: neither connected nor told where to.
  case notConnected
  /// EACCES: a broadcast without leave.
  case broadcastNotAllowed
  /// EMSGSIZE.
  case messageTooLong
  /// ENETUNREACH.
  case noRoute
  /// ENOBUFS.
  case noBuffers
  /// ECONNREFUSED: nobody listens at the other end.
  case refused
  /// EHOSTUNREACH.
  case hostUnreachable
  /// ENOPROTOOPT, as Linux says it.
  case protocolUnreachable

  init(_ error: SendError) {
    self =
      switch error {
      case .noRoute: .noRoute
      case .messageTooLong: .messageTooLong
      case .sourceNotOurs: .addressNotAvailable
      case .noBuffers: .noBuffers
      }
  }

  /// What an error that was reported means to a connected endpoint; nil for what may pass.
  init?(_ kind: DeliveryError.Kind) {
    switch kind {
    case .portUnreachable: self = .refused
    case .protocolUnreachable: self = .protocolUnreachable
    case .prohibited: self = .hostUnreachable
    case .packetTooBig: self = .messageTooLong
    case .networkUnreachable, .hostUnreachable, .timeExceeded, .parameterProblem: return nil
    }
  }
}
