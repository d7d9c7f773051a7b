public import OrderedJSON

extension EvaluationReport {
  /// Everything known as one document.
  public var json: JSON {
    .object([
      .init("origin", .object(origin.map { .init($0.name, .string($0.value)) })),
      .init("answers", .integer(answers)),
      .init("unreadable", .integer(unreadable)),
      .init("missing_templates", .integer(missingTemplates)),
      .init(
        "set_aside",
        .array(
          setAside.map {
            .object([
              .init("image", .string($0.image)), .init("questions", .integer($0.questions)),
              .init("reason", .string($0.reason)),
            ])
          })),
      .init("conclusion_agreement", conclusionAgreement.map(JSON.number) ?? .null),
      .init("training_overlap", overlap?.json ?? .null),
      .init("strict", strict.json),
      .init("upstream", upstream.json),
      .init("intervals", intervalsJSON),
      .init("classes", categoriesJSON),
      .init("confusion", .object(confusions.map { .init($0.dataset, $0.confusion.json) })),
      .init("scores", .object(scores.map { .init($0.name, $0.metrics.json) })),
      .init("published", .array(published.map(Self.json))),
    ])
  }

  private var intervalsJSON: JSON {
    guard intervals.resamples > 0 else { return .null }
    let rows = (strict.rows + [strict.average]).map { row in
      JSON.Member(
        row.dataset,
        .object(
          row.named.compactMap { entry in
            intervals.interval(row: row.dataset, entry.name).map {
              .init(entry.name, [.number($0.lower), .number($0.upper)])
            }
          }))
    }
    return [
      "level": .number(ResampledTables.level), "resamples": .integer(intervals.resamples),
      "strict": .object(rows),
    ]
  }

  /// The strict table by class; the average is over the types that were asked.
  private var categoriesJSON: JSON {
    .object(
      categories.rows.map { row in
        var members = row.named.filter { $0.name != "Average" }.map {
          JSON.Member($0.name, $0.value.map(JSON.number) ?? .null)
        }
        members.append(.init("Average", .number(row.averageOfAsked)))
        members.append(.init("questions", .integer(row.questions.reduce(0, +))))
        return .init(row.dataset, .object(members))
      })
  }

  private static func json(_ table: PublishedTable) -> JSON {
    [
      "title": .string(table.title), "columns": .array(table.columns.map(JSON.string)),
      "rows": .object(
        table.rows.map { .init($0.name, .array($0.values.map { $0.map(JSON.number) ?? .null })) }),
    ]
  }
}
