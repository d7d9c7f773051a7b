internal import Checkpoints
internal import FoundationEssentials
internal import Glibc
package import JobModel
internal import Synchronization
internal import WorkerRuntime

/// Which images a shard had in hand, written down before they are opened: when the process dies, the next one knows
/// which of them may have killed it.
///
/// This is how a scoring finds the image at fault; the queue's halving of shards comes after it, for what kills a
/// process before any image is in hand. One file per shard and lease epoch, a line per event. It need not survive the
/// machine, only the process, so nothing is flushed.
package final class InHandLog: Sendable {
  /// What earlier attempts at a shard tell about its images, by their position in the run.
  package struct History: Equatable {
    /// In hand when a process died: to be looked at one by one, after the others.
    package var suspects: Set<Int> = []
    /// How many processes died with this image alone in hand.
    package var deathsAlone: [Int: Int] = [:]

    package init() {}
  }

  /// After so many processes that died over an image alone, it is not opened again. A process that is killed from
  /// outside is not the image's fault; that this happens three times over the same image alone is as good as excluded.
  static let fatalDeaths = 3

  private let descriptor: Int32

  /// Starts the log of an attempt.
  package init(folder: String, range: ShardRange, epoch: Epoch) throws {
    do {
      try DurableFiles.makeFolder(folder)
    } catch {
      throw OutputError.failure("\(error)")
    }
    let path = folder + "/" + Self.name(range, epoch)
    descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw OutputError.failure("cannot create \(path): \(String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  package func took(_ image: Int) { write("+\(image)\n") }
  package func tookAlone(_ image: Int) { write("!\(image)\n") }
  package func finished(_ images: some Sequence<Int>) { write(images.map { "-\($0)\n" }.joined()) }
  /// The attempt ends and the process lives: nothing in hand was to blame.
  func ended() { write(".\n") }

  /// One call, so that lines of two threads do not mix.
  private func write(_ text: String) {
    var text = text
    text.withUTF8 { _ = Glibc.write(descriptor, $0.baseAddress, $0.count) }
  }

  /// What earlier attempts left about the images of `range`, whatever range they were at: a shard whose workers keep
  /// dying is halved by the queue, and what is known of its images must not be found out anew, by as many deaths again.
  package static func history(folder: String, range: ShardRange, before epoch: Epoch) -> History {
    var history = History()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasPrefix(planned(range)) && name != self.name(range, epoch) {
      guard let data = FileManager.default.contents(atPath: folder + "/" + name) else { continue }
      history.add(String(decoding: data, as: UTF8.self))
    }
    return history.limited(to: range.items)
  }

  /// Halves of a shard have its place in the plan and items of their own.
  private static func planned(_ range: ShardRange) -> String { "planned-\(range.index)-" }
  private static func name(_ range: ShardRange, _ epoch: Epoch) -> String {
    planned(range) + range.fileName + "-e\(epoch).log"
  }
}

extension InHandLog.History {
  func limited(to images: Range<Int>) -> Self {
    var limited = self
    limited.suspects = suspects.filter(images.contains)
    limited.deathsAlone = deathsAlone.filter { images.contains($0.key) }
    return limited
  }

  /// Counts one attempt's log. A line that was cut off by the death does not count.
  package mutating func add(_ log: String) {
    var inHand: Set<Int> = []
    var alone: Set<Int> = []
    for line in log.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      let image = Int(line.dropFirst())
      switch (line.first, image) {
      case ("+", let image?): inHand.insert(image)
      case ("!", let image?): alone.insert(image)
      case ("-", let image?):
        inHand.remove(image)
        alone.remove(image)
      case (".", _): return
      default: break
      }
    }
    suspects.formUnion(inHand.union(alone))
    for image in alone { deathsAlone[image, default: 0] += 1 }
  }
}
