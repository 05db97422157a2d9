// SPDX-License-Identifier: BSD-3-Clause

/// What is left out of a root, and why (Docs/Roots.md).
enum NeverNeeded {
  /// Packages that only maintainer scripts or an init system use. A package that the plan names
  /// itself is always taken.
  static let packages: Set<String> = [
    "adduser", "apt", "base-files", "base-passwd", "cdebconf", "debconf", "debconf-2.0",
    "debconf-i18n", "debianutils", "default-dbus-system-bus", "dpkg", "init", "init-system-helpers",
    "install-info", "invoke-rc.d", "libpam-systemd", "logrotate", "lsb-base", "passwd",
    "sensible-utils", "systemd", "systemd-sysv", "sysvinit-utils", "ucf", "usr-is-merged",
    "usrmerge", "xdg-utils",
  ]

  /// Folders that no program reads while it works: documentation and translations.
  static let folders = [
    "usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/lintian", "usr/share/bug",
    "usr/share/doc-base", "usr/share/locale", "usr/share/menu",
  ]
}
