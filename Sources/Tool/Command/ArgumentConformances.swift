// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Launch
import Plan
import ToolSupport

// Values of the libraries that options take as they are.

extension ByteSize: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension PortMapping: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension Volume: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension Disk: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension EnvironmentVariable: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension NetworkOptions.Backend: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension NetworkAddress: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension NetworkPrefix: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension LaunchOptions.Accelerator: ExpressibleByArgument {}
extension LaunchOptions.Machine: ExpressibleByArgument {}
