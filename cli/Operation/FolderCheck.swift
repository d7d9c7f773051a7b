import FoundationEssentials
import Glibc
import JobStore

/// Whether a folder that jobs use can be used, and its disk has room.
enum FolderCheck {
  /// - Parameter writing: whether jobs write below it.
  static func findings(of folder: String, writing: Bool, what: String) -> [Finding] {
    var status = stat()
    guard stat(folder, &status) == 0 else {
      return [
        Finding(
          .problem, what, "\(folder): \(String(cString: strerror(errno)))", advice: "make it, or mount it")
      ]
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      return [Finding(.problem, what, "\(folder) is no folder")]
    }
    var findings: [Finding] = []
    if status.st_mode & S_IWOTH != 0 {
      findings.append(
        Finding(
          .warning, what, "\(folder) can be written by everybody on this machine",
          advice: "chmod o-w \(folder)"))
    }
    if writing {
      for name in ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted() {
        let lab = "\(folder)/\(name)"
        var inner = stat()
        guard stat(lab, &inner) == 0, inner.st_mode & S_IFMT == S_IFDIR else { continue }
        if access(lab, W_OK | X_OK) != 0 {
          findings.append(
            Finding(
              .warning, what, "\(lab) cannot be written by this user: \(String(cString: strerror(errno)))",
              advice: "run doctor as the workers' user, or give that user the folder"))
        }
      }
    } else if access(folder, R_OK | X_OK) != 0 {
      findings.append(Finding(.problem, what, "\(folder) cannot be read by this user"))
    }
    findings.append(room(on: folder, what: what))
    return findings
  }

  private static func room(on folder: String, what: String) -> Finding {
    var disk = statvfs()
    guard statvfs(folder, &disk) == 0, disk.f_blocks > 0 else {
      return Finding(.warning, what, "\(folder): the room on its disk is not known")
    }
    let free = Double(disk.f_bavail) / Double(disk.f_blocks)
    let text =
      "\(folder) has \(Format.size(Int(disk.f_bavail) * Int(disk.f_frsize))) free (\(Format.percent(free)))"
    return free > 0.05
      ? Finding(.fine, what, text)
      : Finding(.warning, what, text, advice: "checkpoints and results will soon fail; make room")
  }
}
