import FoundationEssentials
import Glibc

/// A disk of its own of a few megabytes, in memory. Only root can have one.
final class SmallDisk: Sendable {
  let path: String
  private var ballast: String { path + "/ballast" }

  /// Whether this process may mount one at all.
  static let isPossible: Bool = {
    guard let disk = try? SmallDisk(megabytes: 1) else { return false }
    disk.remove()
    return true
  }()

  init(megabytes: Int) throws {
    path = "/tmp/ar1-small-disk-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(megabytes)m,mode=1777") == 0 else {
      rmdir(path)
      throw CocoaError(.fileWriteNoPermission)
    }
  }

  /// Takes up all but so much of the room.
  func fill(leaving megabytes: Int) {
    var disk = statvfs()
    guard statvfs(path, &disk) == 0 else { return }
    let room = Int(disk.f_bavail) * Int(disk.f_frsize) - megabytes << 20
    let file = open(ballast, O_CREAT | O_WRONLY, 0o600)
    posix_fallocate(file, 0, max(1, room))
    close(file)
  }

  func makeRoom() { unlink(ballast) }

  func remove() {
    umount2(path, Int32(MNT_DETACH))
    rmdir(path)
  }
}
