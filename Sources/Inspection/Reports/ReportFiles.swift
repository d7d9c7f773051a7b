extension EvaluationReport {
  /// Every form of the report under the name of its file.
  public func files(gallery: ReportGallery?) -> [(name: String, text: String)] {
    [
      ("report.txt", text), ("report.json", json.serialized(pretty: true)), ("report.csv", csv),
      ("report.tex", latex), ("report.html", html(gallery: gallery)),
    ]
  }
}
