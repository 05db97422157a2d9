// SPDX-License-Identifier: BSD-3-Clause

import Log
import Machine

// The start and the end of an image whose application is linked in. Everything else that an
// application uses starts when it is first used (`Sources/App`), so that an image holds and does
// only what its application reaches.

/// Called by boot.S on the boot stack, interrupts off.
@c(martlet_native_main)
public func nativeMain() -> Never {
  BootTrace.mark(.firstTables)
  Processor.prepare()
  BootTrace.mark(.processor)
  BootTrace.mark(.main)
  endApplication(status: Application.main())
}

/// Ends the machine, after the application.
public func endApplication(status: Int32) -> Never {
  Application.end()
  if BootInformation.hasWord("trace=boot") { Log.writeBootTrace() }
  Log.writeExit(status: status)
  Power.off(status: status)
}
