// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import CMachine

/// The application that is linked into a native image.
public enum Application {
  private static let endActions = KernelGlobal<EndAction?>(nil)

  /// Runs it to its end and returns its status.
  public static func main() -> Int32 {
    // SAFETY: the entry that the compiler makes for the application's package; without arguments,
    // which the application asks for by itself.
    unsafe martlet_application_main()
  }

  /// Has `action` run when the application has ended, before the machine goes off; what came last
  /// runs first. An image that asks for nothing here does not pay for the list.
  public static func atEnd(_ action: EndAction) {
    action.next = endActions.value
    endActions.value = action
    // SAFETY: the function is there for ever.
    unsafe martlet_set_end_action { Application.runEndActions() }
  }

  /// Brings to an end what `atEnd` was asked for.
  public static func end() {
    // SAFETY: calls what `atEnd` has set, or nothing.
    unsafe martlet_run_end_action()
  }

  private static func runEndActions() {
    while let action = endActions.value {
      action.run()
      // Only now: another thread that ends the application meanwhile does not go on without it.
      if endActions.value === action { endActions.value = action.next }
    }
  }
}

/// Something to be done after the application (`Application.atEnd`).
open class EndAction {
  fileprivate final var next: EndAction?

  public init() {}

  /// May wait, but not for long: somebody waits for the machine to go off.
  open func run() {}
}
