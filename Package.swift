// swift-tools-version: 6.1
import PackageDescription

/// Generics and subscripts that other targets call in their inner loops are several times slower without this.
let acrossModules: [SwiftSetting] = [
  .unsafeFlags(["-cross-module-optimization"], .when(configuration: .release)),
  .enableUpcomingFeature("InternalImportsByDefault"),
]
let plain: [SwiftSetting] = [.enableUpcomingFeature("InternalImportsByDefault")]

/// Kernels stay fast in debug builds too.
let fastC: [CSetting] = [.unsafeFlags(["-O3", "-fno-math-errno"])]

let package = Package(
  name: "AnomalyR1",
  products: [
    .executable(name: "ar1", targets: ["ar1"]),
    // For tests alone: a device in software behind the names of NVIDIA's libraries.
    .library(name: "SoftwareDevice", type: .dynamic, targets: ["SoftwareDevice"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: ["FullFoundation"]),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // C boundary
    .systemLibrary(
      name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(
      name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
    .target(
      name: "CImageCodecs", cSettings: fastC,
      linkerSettings: ["jpeg", "png", "tiff", "webp", "webpdemux", "z"].map { .linkedLibrary($0) }),
    .target(name: "CPlatform"),
    .target(name: "CMPI"),
    .target(
      name: "CCUDA", exclude: ["kernels"], cSettings: [.unsafeFlags(["-std=c23", "-Wno-c23-extensions"])]),
    .target(name: "CKernels", cSettings: fastC),
    .target(name: "CAssets", cSettings: [.unsafeFlags(["-std=c23", "-Wno-c23-extensions"])]),

    // Shared by both halves
    .target(name: "OrderedJSON", swiftSettings: acrossModules),
    .target(name: "Digests", dependencies: ["COpenSSL"], swiftSettings: acrossModules),
    .target(name: "Randomness", swiftSettings: acrossModules),

    // Queue half
    .target(name: "JobModel", dependencies: ["OrderedJSON"], swiftSettings: acrossModules),
    .target(name: "Scheduling", dependencies: ["JobModel", "Randomness"], swiftSettings: acrossModules),
    .target(name: "PostgresClient", dependencies: ["CPostgres"], swiftSettings: acrossModules),
    .target(
      name: "LocalPostgres", dependencies: ["CPlatform", "Digests", "PostgresClient"],
      swiftSettings: plain),
    .target(
      name: "JobStore",
      dependencies: ["JobModel", "OrderedJSON", "Scheduling", "PostgresClient", "CAssets", "Digests"],
      swiftSettings: plain),
    .target(
      name: "Coordinator",
      dependencies: [
        "JobModel", "JobStore", "PostgresClient", "OrderedJSON", "CAssets", "HTTPClient",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ], swiftSettings: plain),
    .target(name: "HTTPClient", dependencies: ["CCurl"], swiftSettings: plain),
    .target(
      name: "CoordinatorClient", dependencies: ["JobModel", "OrderedJSON", "HTTPClient"], swiftSettings: plain
    ),
    .target(
      name: "WorkerRuntime",
      dependencies: [
        "JobModel", "OrderedJSON", "CoordinatorClient",
        .product(name: "Logging", package: "swift-log"),
      ], swiftSettings: plain),

    // Model half
    .target(
      name: "Tensors", dependencies: ["CCUDA", "CKernels", "COpenBLAS", "Digests", "OrderedJSON"],
      swiftSettings: acrossModules),
    .target(name: "Images", dependencies: ["CImageCodecs"], swiftSettings: acrossModules),
    .target(name: "ModelFiles", dependencies: ["OrderedJSON"], swiftSettings: acrossModules),
    .target(
      name: "QwenVL",
      dependencies: ["Tensors", "Images", "ModelFiles", "OrderedJSON", "Digests", "Randomness"],
      swiftSettings: acrossModules),
    .target(
      name: "SAM2", dependencies: ["Tensors", "Images", "ModelFiles"],
      swiftSettings: acrossModules),
    .target(
      name: "Inspection", dependencies: ["Images", "OrderedJSON", "Digests", "Randomness"],
      swiftSettings: acrossModules),
    .target(
      name: "PostTraining", dependencies: ["Tensors", "QwenVL", "CMPI", "Randomness"],
      swiftSettings: acrossModules),
    .target(
      name: "Checkpoints",
      dependencies: ["Tensors", "CZstd", "Digests"], swiftSettings: acrossModules),
    .target(
      name: "BaseModel",
      dependencies: [
        "Images", "Inspection", "ModelFiles", "OrderedJSON", "PostTraining", "QwenVL", "Tensors",
      ],
      swiftSettings: acrossModules),

    .target(
      name: "DeviceChecks", dependencies: ["PostTraining", "QwenVL", "Tensors"], swiftSettings: acrossModules),

    // Meeting point
    .target(
      name: "TaskExecutors",
      dependencies: [
        "JobModel", "WorkerRuntime", "QwenVL", "SAM2", "Inspection", "PostTraining", "Checkpoints",
        "CPlatform", "Images", "Tensors", "OrderedJSON", "Digests",
      ], swiftSettings: plain),
    .executableTarget(
      name: "ar1",
      dependencies: [
        "JobModel", "LocalPostgres", "PostgresClient", "JobStore", "Coordinator", "CoordinatorClient",
        "WorkerRuntime", "TaskExecutors", "QwenVL", "Inspection", "PostTraining", "Checkpoints",
        "BaseModel", "DeviceChecks", "Digests", "ModelFiles", "SAM2", "OrderedJSON", "Images", "Scheduling",
        "Tensors", "CPlatform",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        "Yams",
      ], path: "cli", swiftSettings: plain),

    // Benchmarks that need what the commands do not show; Benchmarks/*.py run them beside other programs.
    .executableTarget(
      name: "grpo-step-benchmark",
      dependencies: [
        "CPlatform", "OrderedJSON", "PostTraining", "QwenVL", "Randomness", "Tensors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Benchmarks/GRPOStep", swiftSettings: plain),

    .executableTarget(
      name: "queue-benchmark",
      dependencies: [
        "CoordinatorClient", "JobModel", "JobStore", "OrderedJSON", "PostgresClient", "WorkerRuntime",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Benchmarks/Queue", exclude: ["bare"], swiftSettings: plain),
    .executableTarget(
      name: "inference-benchmark",
      dependencies: [
        "CPlatform", "OrderedJSON", "PostTraining", "QwenVL", "Randomness", "Tensors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Benchmarks/Inference", swiftSettings: plain),
    .executableTarget(
      name: "checkpoint-benchmark",
      dependencies: [
        "Checkpoints", "OrderedJSON", "PostTraining", "QwenVL", "Randomness", "Tensors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "Benchmarks/Checkpoints", swiftSettings: plain),

    // Stands in for a GPU in tests.
    .target(
      name: "SoftwareDevice", path: "Tests/SoftwareDevice",
      // The compiler proper is told, as the tests' build asks its driver for C++ without optimisation (Makefile).
      cxxSettings: [.unsafeFlags(["-Xclang", "-O2"])]),

    // Tests mirror Sources; they use `package` access, so the release build serves both.
    .testTarget(name: "OrderedJSONTests", dependencies: ["OrderedJSON"]),
    .testTarget(name: "DigestsTests", dependencies: ["Digests"]),
    .testTarget(name: "RandomnessTests", dependencies: ["Randomness"]),
    .testTarget(name: "JobModelTests", dependencies: ["JobModel", "OrderedJSON"]),
    .testTarget(name: "SchedulingTests", dependencies: ["Scheduling", "JobModel"]),
    .testTarget(
      name: "JobStoreTests",
      dependencies: [
        "Scheduling", "JobStore", "JobModel", "PostgresClient", "LocalPostgres", "OrderedJSON", "Randomness",
      ]),
    .testTarget(
      name: "CoordinatorTests",
      dependencies: [
        "Coordinator", "CoordinatorClient", "WorkerRuntime", "JobStore", "LocalPostgres", "JobModel",
        "PostgresClient", "OrderedJSON", "HTTPClient", "Scheduling", "Digests",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CKernels"]),
    .testTarget(name: "ImagesTests", dependencies: ["Images"]),
    .testTarget(
      name: "QwenVLTests", dependencies: ["QwenVL", "Tensors", "Images", "ModelFiles", "OrderedJSON"]),
    .testTarget(name: "SAM2Tests", dependencies: ["SAM2", "Tensors", "Images", "ModelFiles"]),
    .testTarget(
      name: "InspectionTests", dependencies: ["Inspection", "Images", "OrderedJSON", "Randomness"]),
    .testTarget(
      name: "PostTrainingTests",
      dependencies: ["PostTraining", "Checkpoints", "QwenVL", "Tensors"]),
    .testTarget(
      name: "DeviceChecksTests",
      dependencies: [
        "Checkpoints", "DeviceChecks", "JobModel", "OrderedJSON", "PostTraining", "QwenVL", "TaskExecutors",
        "Tensors",
      ]),
    .testTarget(name: "BaseModelTests", dependencies: ["BaseModel", "Inspection", "QwenVL"]),
    .testTarget(name: "CheckpointsTests", dependencies: ["Checkpoints", "Tensors"]),
    .testTarget(
      name: "TaskExecutorsTests",
      dependencies: [
        "TaskExecutors", "Digests", "Images", "Inspection", "JobModel", "OrderedJSON",
        "QwenVL", "WorkerRuntime",
      ]),
    .testTarget(name: "SystemTests", dependencies: ["Images", "OrderedJSON", "LocalPostgres"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17,
  cxxLanguageStandard: .gnucxx17
)

// Tests compile in a third of the time without optimisation, and what they do themselves takes no time; those of
// Tensors compute what they compare with.
for target in package.targets where target.type == .test && target.name != "TensorsTests" {
  target.swiftSettings = [.unsafeFlags(["-Onone"], .when(configuration: .release))]
}
