// SPDX-License-Identifier: BSD-3-Clause

/// What is wrong with a rule file, and where.
public struct RuleError: Error, Equatable, Sendable {
  /// What is wrong.
  public enum Problem: UInt8, CaseIterable, Sendable {
    case unknownStatement, tooMuch, notPrefix, notAddress, notAddressOrNetwork, notPort
    case notPortRange, notTransport, notAction, notSeconds, notCount, notTimeout, expectedTo
    case expectedGatewayOrEnd, expectedCondition, missingWord, badCharacter
    case hostBits, portOfICMP, repeatedStatement, repeatedPort, repeatedTarget, targetNotInside
    case gatewayNotOutside, notHost, overlap, noInside, noOutside, badLength
  }

  public let problem: Problem
  /// From 1.
  public let line: Int
  /// In bytes from 1.
  public let column: Int
  /// The word that is wrong; empty at the end of a line.
  public let found: [UInt8]

  init(_ problem: Problem, line: Int, column: Int, found: [UInt8] = []) {
    self.problem = problem
    self.line = line
    self.column = column
    self.found = found
  }

  /// Appends `LINE:COLUMN: what is wrong, and what to do`.
  public func appendText(to text: inout [UInt8]) {
    text.append(decimal: line)
    text.append(UInt8(ascii: ":"))
    text.append(decimal: column)
    text.append(": ")
    if !found.isEmpty {
      text.append("'")
      // What the file holds may hold anything; a terminal gets what can be seen.
      for byte in found.prefix(40) {
        text.append(byte > 0x20 && byte < 0x7f ? byte : UInt8(ascii: "?"))
      }
      text.append("': ")
    }
    text.append(problem.advice)
  }
}

extension RuleError.Problem {
  /// What is wrong and what to do.
  var advice: StaticString {
    switch self {
    case .unknownStatement:
      "begin with inside, outside, forward, accept, drop, reject, otherwise, timeout or sessions"
    case .tooMuch: "the statement ends before this; take it away, or begin a new line"
    case .notPrefix: "write an address and the network's length, such as 192.168.1.1/24"
    case .notAddress: "write an address such as 192.168.1.10"
    case .notAddressOrNetwork: "write any, an address such as 192.168.1.10, or 192.168.1.0/24"
    case .notPort: "write a port from 1 to 65535"
    case .notPortRange: "write a port from 1 to 65535, or a range such as 8000-8080"
    case .notTransport: "write tcp or udp"
    case .notAction: "write accept, drop or reject"
    case .notSeconds: "write seconds from 1 to 1000000"
    case .notCount: "write a number from 1 to 16384"
    case .notTimeout: "write established, transitory, udp or icmp"
    case .expectedTo: "write 'to' and an address of the inside"
    case .expectedGatewayOrEnd: "write 'gateway' and an address, or end the line"
    case .expectedCondition:
      "write, in this order: inside or outside, tcp or udp or icmp, from, port, to, port"
    case .missingWord: "something is missing at the end of the line"
    case .badCharacter: "write letters, digits and blanks; text for people goes behind #"
    case .hostBits: "the network's length leaves bits of this address over; make them zero"
    case .portOfICMP: "icmp has no ports; take the port away"
    case .repeatedStatement: "this was said before; take one of the two away"
    case .repeatedPort: "this port is forwarded already; take another one"
    case .repeatedTarget:
      "a forward leads to this address and port already; take one of the two away"
    case .targetNotInside:
      "a forward leads to a host of the inside network; take one of its addresses"
    case .gatewayNotOutside: "the gateway has to be a host of the outside network"
    case .notHost: "this is the network's own or its broadcast address; take a host's"
    case .overlap: "the networks inside and outside have addresses in common; change one of them"
    case .noInside: "the line 'inside ADDRESS/LENGTH' is missing; add it"
    case .noOutside: "the line 'outside ADDRESS/LENGTH [gateway ADDRESS]' is missing; add it"
    case .badLength: "the network's length has to be from 8 to 30"
    }
  }
}
