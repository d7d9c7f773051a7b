import JobModel
import PostgresClient

extension Session {
  /// The number of a need, made if new; nil for what a slot is enough for. (Index resource_needs_once.)
  func number(of need: ResourceRequest) throws -> Int? {
    guard !need.isSlot else { return nil }
    let labels = try StoredJSON.text(need.labels)
    func find() throws -> Int? {
      try execute(
        """
        SELECT id FROM resource_needs WHERE gpus = $1 AND cores = $2 AND gpu_memory = $3 AND memory = $4
          AND coalesce(device, '') = coalesce($5, '') AND labels = $6::jsonb
        """, need.gpus, need.cores, need.gpuMemory, need.memory, need.device?.rawValue, labels
      ).first.map { try $0.get("id") }
    }
    if let known = try find() { return known }
    try execute(
      """
      INSERT INTO resource_needs (gpus, cores, gpu_memory, memory, device, labels, request)
      VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7::json) ON CONFLICT DO NOTHING
      """, need.gpus, need.cores, need.gpuMemory, need.memory, need.device?.rawValue, labels,
      try StoredJSON.text(need))
    return try find()
  }

  /// Refuses what no connected worker could ever run; says nothing while none is connected, or none of them works.
  func checkNeeds(of spec: JobSpec) throws {
    guard !spec.resources.isSlot else { return }
    let kind = spec.kind.workKind
    let workers = try nodes().filter { $0.kinds.contains(kind) }
    let reasons = workers.compactMap { $0.inventory.refusal(of: spec.resources) }
    guard !workers.isEmpty, reasons.count == workers.count, let reason = reasons.first else { return }
    throw StoreError.invalid(
      "resources: no connected worker could ever give \(spec.resources); "
        + (workers.count == 1
          ? "of the only one, \(reason)" : "of the \(workers.count), \(reason) for instance")
        + ". Ask for less, or connect a worker that has it before you submit")
  }
}
