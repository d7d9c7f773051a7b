import JobModel
import Logging

/// The worker's GPUs: which of them are offered, and how much they are used.
extension Worker {
  /// For the next heartbeat; nil for a worker without GPUs.
  func deviceReports() -> [DeviceReport]? {
    guard let watch else { return nil }
    let uses = watch.latest
    return configuration.devices.map { device in
      var report = uses.first { $0.index == device.index } ?? DeviceReport(index: device.index)
      report.tasks = running.values.count { $0.context.devices.contains(device.index) }
      report.isWithheld = withheld.contains(device.index)
      return report
    }
  }

  /// How long a claim waits. It asks for what is free when it begins: not long while more may be free any moment, as a task
  /// ends or a GPU is back.
  var claimWaitSeconds: Double {
    free == inventory.free ? configuration.claimWaitSeconds : min(1, configuration.claimWaitSeconds)
  }

  /// Has a GPU prove itself before it is offered again: what failed there, or was left there, may keep it from working.
  func withhold(_ device: Int, because reason: String) {
    guard withheld.insert(device).inserted else { return }
    free.withhold(device)
    logger.warning("cuda:\(device) is opened anew before it is offered again: \(reason)")
    restorations[device] = Task { await restore(device) }
  }

  private func restore(_ device: Int) async {
    let thread = DedicatedThread(name: "gpu-check")
    let open = configuration.openDevice
    var pause = 1.0
    while !Task.isCancelled {
      do {
        try await thread.run { try open(device) }
        break
      } catch {
        logger.error(
          "cuda:\(device) is not offered, it cannot be opened anew: \(error); a restart of the worker may help"
        )
      }
      // What other executors have there keeps a context alive that may be beyond repair.
      for executor in executors { await executor.letGo(ofDevice: device) }
      try? await Task.sleep(for: .seconds(pause))
      pause = min(60, 2 * pause)
    }
    guard !Task.isCancelled else { return }
    withheld.remove(device)
    restorations[device] = nil
    free.offer(device)
    logger.notice("cuda:\(device) is offered again")
    wakeClaims()
  }
}
