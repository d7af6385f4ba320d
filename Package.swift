// swift-tools-version: 6.2
// The whole architecture on one page: a target imports only targets of lower levels.
import PackageDescription

/// Unsafe pointers live in Safetensors, HDF5 and ModelCore only; the compiler fences every other target.
let fenced: [SwiftSetting] = [.strictMemorySafety(), .treatAllWarnings(as: .error)]

let package = Package(
  name: "prerl",
  // Every module is a product: whatever a public signature names can be imported from outside.
  products: [
    .executable(name: "prerl", targets: ["prerl"]),
    .library(name: "StrictJSON", targets: ["StrictJSON"]),
    .library(name: "KeyedRandom", targets: ["KeyedRandom"]),
    .library(name: "Safetensors", targets: ["Safetensors"]),
    .library(name: "Jinja", targets: ["Jinja"]),
    .library(name: "Tokenizers", targets: ["Tokenizers"]),
    .library(name: "HDF5", targets: ["HDF5"]),
    .library(name: "Tasks", targets: ["Tasks"]),
    .library(name: "Statistics", targets: ["Statistics"]),
    .library(name: "Runs", targets: ["Runs"]),
    .library(name: "ModelCore", targets: ["ModelCore"]),
    .library(name: "Tables", targets: ["Tables"]),
    .library(name: "Training", targets: ["Training"]),
    .library(name: "Analysis", targets: ["Analysis"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
  ],
  targets: [
    // MARK: - Level 0: C headers, JSON and random numbers
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .target(name: "StrictJSON", swiftSettings: fenced),
    .target(
      name: "KeyedRandom",
      dependencies: [.product(name: "RealModule", package: "swift-numerics")],
      swiftSettings: fenced),

    // MARK: - Level 1: formats, tasks, statistics, and files that survive anything
    .target(name: "Safetensors", dependencies: ["StrictJSON"]),
    .target(name: "Jinja", dependencies: ["StrictJSON"], swiftSettings: fenced),
    .target(name: "HDF5", dependencies: ["CHDF5"]),
    .target(name: "Tasks", dependencies: ["StrictJSON", "KeyedRandom"], swiftSettings: fenced),
    .target(name: "Statistics", dependencies: ["KeyedRandom"], swiftSettings: fenced),
    .target(name: "Runs", dependencies: ["StrictJSON"], swiftSettings: fenced),

    // MARK: - Level 2: the transformer; text to tokens; tables of results in every format
    .target(
      name: "ModelCore",
      dependencies: [
        "COpenBLAS", "KeyedRandom", "Safetensors", "StrictJSON",
        .product(name: "RealModule", package: "swift-numerics"),
      ],
      linkerSettings: [.linkedLibrary("m")]),
    .target(name: "Tokenizers", dependencies: ["Jinja", "StrictJSON"], swiftSettings: fenced),
    .target(
      name: "Tables",
      dependencies: ["HDF5", "Runs", "Safetensors", "Statistics", "StrictJSON"],
      swiftSettings: fenced),

    // MARK: - Level 3: learning and measuring; neither knows the other
    .target(
      name: "Training",
      dependencies: [
        "HDF5", "KeyedRandom", "ModelCore", "Runs", "Safetensors", "Statistics", "StrictJSON",
        "Tables", "Tasks",
        .product(name: "RealModule", package: "swift-numerics"),
      ], swiftSettings: fenced),
    .target(
      name: "Analysis",
      dependencies: [
        "HDF5", "KeyedRandom", "ModelCore", "Runs", "Statistics", "StrictJSON", "Tables", "Tasks",
        .product(name: "RealModule", package: "swift-numerics"),
      ],
      swiftSettings: fenced),

    // MARK: - Level 4: the command line
    .target(name: "CPreinit"),  // runs before main and OpenBLAS: see its preinit.c
    .executableTarget(
      name: "prerl",
      dependencies: [
        "Analysis", "CPreinit", "HDF5", "Jinja", "KeyedRandom", "ModelCore", "Runs", "Safetensors",
        "Statistics",
        "StrictJSON", "Tables", "Tasks", "Tokenizers", "Training",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      resources: [.copy("Resources/base"), .copy("Resources/desk"), .copy("Resources/lexicons")],
      swiftSettings: fenced),

    // MARK: - Tests: one target per module
    .target(
      name: "TestSupport", dependencies: ["KeyedRandom", "Statistics"], path: "Tests/TestSupport"),
    .testTarget(
      name: "StrictJSONTests", dependencies: ["KeyedRandom", "StrictJSON", "TestSupport"]),
    .testTarget(name: "KeyedRandomTests", dependencies: ["KeyedRandom", "TestSupport"]),
    .testTarget(
      name: "SafetensorsTests", dependencies: ["KeyedRandom", "Safetensors", "TestSupport"]),
    .testTarget(
      name: "JinjaTests", dependencies: ["Jinja", "KeyedRandom", "StrictJSON"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "TokenizersTests",
      dependencies: ["Jinja", "KeyedRandom", "StrictJSON", "Tasks", "Tokenizers", "TestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "HDF5Tests", dependencies: ["HDF5", "TestSupport"]),
    .testTarget(
      name: "ModelCoreTests",
      dependencies: ["KeyedRandom", "ModelCore", "Safetensors", "StrictJSON", "TestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "TasksTests", dependencies: ["KeyedRandom", "StrictJSON", "Tasks", "TestSupport"]),
    .testTarget(
      name: "StatisticsTests", dependencies: ["KeyedRandom", "Statistics", "TestSupport"]),
    .testTarget(name: "RunsTests", dependencies: ["Runs", "StrictJSON", "TestSupport"]),
    .testTarget(
      name: "TablesTests", dependencies: ["HDF5", "Runs", "StrictJSON", "Tables", "TestSupport"]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "HDF5", "KeyedRandom", "ModelCore", "Runs", "StrictJSON", "Tables", "Tasks", "TestSupport",
        "Training",
      ]),
    .testTarget(
      name: "AnalysisTests",
      dependencies: [
        "Analysis", "HDF5", "KeyedRandom", "ModelCore", "Runs", "Statistics", "StrictJSON",
        "Tables",
        "Tasks", "TestSupport",
      ]),
    .testTarget(
      name: "prerlTests",
      dependencies: [
        "prerl", "HDF5", "KeyedRandom", "ModelCore", "StrictJSON", "Tables", "TestSupport",
        "Tokenizers",
      ],
      resources: [.copy("Fixtures")]),
  ]
)
