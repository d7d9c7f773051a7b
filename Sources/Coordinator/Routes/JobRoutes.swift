import HTTPTypes
import Hummingbird
import JobModel
import JobStore

/// What people do with jobs, always within their own lab.
struct JobRoutes {
  let store: JobStore
  let signals: Signals
  let pace: LookPace
  let roots: PathRoots

  func add(to group: RouterGroup<APIContext>) {
    group.post("jobs") { request, context in
      let caller = try context.submitter()
      var body: SubmitRequest = try await JSONBody.read(from: request)
      let key = request.headers.first { $0.name.canonicalName == "idempotency-key" }?.value
      body.idempotencyKey = body.idempotencyKey ?? key
      let job = try await store.submit(
        body, by: caller, confinement: roots.confinement(ofLab: caller.labName))
      return try JSONBody.response(job, status: .created)
    }
    group.get("jobs") { request, context in
      let caller = try context.reader()
      let state = try request.uri.queryParameters["state"].map { name in
        guard let state = JobState(rawValue: String(name)) else {
          let names = JobState.allCases.map(\.rawValue).joined(separator: ", ")
          throw Refusal.badRequest("the query's 'state' is '\(name)'; allowed is one of \(names)")
        }
        return state
      }
      let label = try request.text("label").map { text in
        guard let label = Label.parse(text) else {
          throw Refusal.badRequest(
            "the query's 'label' is '\(text)'; it is written name=value; \(Label.rule)")
        }
        return label
      }
      return try JSONBody.response(
        try await store.jobs(
          lab: caller.lab, state: state, label: label, limit: try request.limit(),
          before: try request.before()))
    }
    group.post("jobs/:job") { request, context in
      let caller = try context.submitter()
      let body: ChangeJobRequest = try await JSONBody.read(from: request)
      let job = try await store.change(context.number("job"), body, by: caller)
      return try JSONBody.response(job)
    }
    group.get("jobs/:job/why") { _, context in
      let caller = try context.reader()
      return try JSONBody.response(try await store.explain(context.number("job"), lab: caller.lab))
    }
    group.get("jobs/:job") { _, context in
      let caller = try context.reader()
      return try JSONBody.response(try await store.detail(context.number("job"), lab: caller.lab))
    }
    group.get("jobs/:job/tasks") { request, context in
      let caller = try context.reader()
      let last = try request.number("after", default: Int64(0), in: 0...Int64.max)
      return try JSONBody.response(
        try await store.tasks(
          of: context.number("job"), after: last > 0 ? last : nil,
          limit: try request.number("limit", default: 1_000, in: 1...1_000), lab: caller.lab))
    }
    group.get("jobs/:job/steps") { request, context in
      let caller = try context.reader()
      let after = try request.number("after", default: 0, in: 0...Int(Int32.max))
      return try JSONBody.response(
        try await store.steps(of: context.number("job"), after: after, lab: caller.lab))
    }
    group.get("jobs/:job/steps/:step/groups") { _, context in
      let caller = try context.reader()
      return try JSONBody.response(
        try await store.groups(
          of: context.number("job"), step: Int(context.number("step")), lab: caller.lab))
    }
    group.get("jobs/:job/wait") { request, context in
      let caller = try context.reader()
      let id = try context.number("job")
      let deadline = ContinuousClock.now + .seconds(try request.number("seconds", default: 0, in: 0...60.0))
      let looks = pace.looks(of: caller)
      return try await LongPoll.whileConnected(request) { _ in
        let ended = try await LongPoll.until(deadline, on: signals.jobs, paced: looks) { () -> JobRecord? in
          let job = try await store.job(id, lab: caller.lab)
          return job.state.isFinal ? job : nil
        }
        if let ended { return try JSONBody.response(ended) }
        return try JSONBody.response(try await store.job(id, lab: caller.lab))
      }
    }
    group.post("jobs/:job/cancel") { request, context in
      let caller = try context.submitter()
      let body: ReasonRequest = try await JSONBody.read(from: request)
      let job = try await store.cancel(context.number("job"), by: caller, reason: body.reason)
      signals.jobs.fire()
      return try JSONBody.response(job)
    }
    group.post("jobs/:job/retry") { request, context in
      let caller = try context.submitter()
      let body: ReasonRequest = try await JSONBody.read(from: request)
      let job = try await store.retry(context.number("job"), by: caller, reason: body.reason)
      return try JSONBody.response(job)
    }
    group.get("jobs/:job/logs") { request, context in
      let caller = try context.reader()
      return try JSONBody.response(
        try await store.logs(
          context.number("job"), lab: caller.lab,
          after: try request.number("after", default: Int64(0), in: 0...Int64.max),
          limit: try request.number("limit", default: 1_000, in: 1...10_000)))
    }
    group.get("jobs/:job/logs/stream") { request, context in
      let caller = try context.reader()
      let stream = LogStream(
        store: store, signals: signals, job: try context.number("job"), caller: caller,
        looks: pace.looks(of: caller),
        after: try request.number("after", default: Int64(0), in: 0...Int64.max))
      return try await stream.response()
    }
    group.get("workers") { request, context in
      let caller = try context.reader()
      return try JSONBody.response(
        try await store.workers(
          lab: caller.lab, seesAll: caller.may(.administer), before: try request.before(),
          limit: try request.number("limit", default: 1_000, in: 1...1_000)))
    }
    group.get("me") { _, context in
      try JSONBody.response(try context.anyone())
    }
  }
}
