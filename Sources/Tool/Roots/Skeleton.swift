// SPDX-License-Identifier: BSD-3-Clause

/// What every root has: the folders and the few files that programs expect on any Debian system.
enum Skeleton {
  private static let links = [
    ("/bin", "usr/bin"), ("/sbin", "usr/sbin"), ("/lib", "usr/lib"), ("/lib64", "usr/lib64"),
    ("/var/run", "/run"), ("/var/lock", "/run/lock"), ("/etc/mtab", "../proc/self/mounts"),
  ]

  private static let folders: [(String, UInt16)] = [
    ("/usr/bin", 0o755), ("/usr/sbin", 0o755), ("/usr/lib", 0o755), ("/usr/lib64", 0o755),
    ("/usr/local/bin", 0o755), ("/usr/local/lib", 0o755), ("/usr/share", 0o755),
    ("/dev", 0o755), ("/proc", 0o555), ("/sys", 0o555), ("/run", 0o755), ("/run/lock", 0o1777),
    ("/tmp", 0o1777), ("/var/tmp", 0o1777), ("/var/cache", 0o755), ("/var/lib", 0o755),
    ("/var/log", 0o755), ("/etc", 0o755), ("/root", 0o700), ("/home", 0o755), ("/mnt", 0o755),
    ("/media", 0o755), ("/opt", 0o755), ("/srv", 0o755),
  ]

  private static let files: [(String, String)] = [
    (
      "/etc/passwd",
      """
      root:x:0:0:root:/root:/bin/sh
      daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
      www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
      nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin

      """
    ),
    (
      "/etc/group",
      """
      root:x:0:
      daemon:x:1:
      tty:x:5:
      www-data:x:33:
      users:x:100:
      nogroup:x:65534:

      """
    ),
    (
      "/etc/nsswitch.conf",
      "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n"
    ),
    ("/etc/timezone", "Etc/UTC\n"),
    ("/etc/shells", "/bin/sh\n"),
    (
      "/etc/os-release",
      """
      PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
      NAME="Debian GNU/Linux"
      VERSION_ID="12"
      VERSION="12 (bookworm)"
      VERSION_CODENAME=bookworm
      ID=debian

      """
    ),
    ("/etc/debian_version", "12\n"),
    (
      "/etc/ld.so.conf",
      "/usr/local/lib\n/usr/local/lib/x86_64-linux-gnu\n/lib/x86_64-linux-gnu\n"
        + "/usr/lib/x86_64-linux-gnu\ninclude /etc/ld.so.conf.d/*.conf\n"
    ),
  ]

  static func write(to staging: StagingFolder) throws {
    for (path, mode) in folders { try staging.makeFolder(path, mode: mode) }
    for (path, target) in links { try staging.link(path, to: target) }
    for (path, text) in files { try staging.write(text, at: path) }
  }
}
