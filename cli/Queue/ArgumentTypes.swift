public import ArgumentParser
public import JobModel
public import Logging
public import QwenVL

// Names that options take as they are; help and completion list them.
extension JobState: ExpressibleByArgument {}
extension DeviceKind: ExpressibleByArgument {}
extension Role: ExpressibleByArgument {}
extension Scope: ExpressibleByArgument {}
extension QwenModel.StoredType: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}
