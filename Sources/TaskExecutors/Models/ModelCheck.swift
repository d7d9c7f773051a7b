internal import FoundationEssentials
internal import JobModel
internal import QwenVL
internal import SAM2
internal import WorkerRuntime

/// Finds out, before a job's work begins, whether its models can be loaded where it runs.
enum ModelCheck {
  /// Reads everything of a model's folder but the weights themselves: configuration, tokenizer, and which weights there
  /// are.
  /// - Throws: `TaskError` of class user-error that names the folder and what is wrong with it.
  static func model(_ folder: String) throws {
    guard FileManager.default.fileExists(atPath: folder) else {
      throw TaskError(
        .userError,
        "the model's folder \(folder) does not exist on the worker's machine; is the shared folder mounted there?"
      )
    }
    do {
      _ = try ModelSize(folder: folder)
      _ = try PromptSource(folder: folder)
    } catch {
      throw TaskError(.userError, "the model in \(folder) cannot be loaded: \(error)")
    }
  }

  /// Reads a SAM2 folder's configuration.
  static func segmenter(_ folder: String) throws {
    do {
      _ = try SegmenterConfiguration(folder: folder)
    } catch {
      throw TaskError(.userError, "the SAM2 model in \(folder) cannot be loaded: \(error)")
    }
  }
}
