// swift-tools-version: 6.2
// The whole architecture on one page: a target imports only targets of lower levels.
import PackageDescription

/// Unsafe pointers live in Safetensors, HDF5 and ModelCore only; the compiler fences every other target.
let fenced: [SwiftSetting] = [.strictMemorySafety(), .treatAllWarnings(as: .error)]

let package = Package(
  name: "prerl",
  products: [
    .executable(name: "prerl", targets: ["prerl"]),
    .library(name: "Safetensors", targets: ["Safetensors"]),
    .library(name: "HDF5", targets: ["HDF5"]),
    .library(name: "ModelCore", targets: ["ModelCore"]),
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

    // MARK: - Level 1: formats and tasks
    .target(name: "Safetensors", dependencies: ["StrictJSON"]),
    .target(name: "Tokenizers", dependencies: ["StrictJSON"], swiftSettings: fenced),
    .target(name: "HDF5", dependencies: ["CHDF5"]),
    .target(name: "Tasks", dependencies: ["StrictJSON", "KeyedRandom"], swiftSettings: fenced),

    // MARK: - Level 2: the transformer
    .target(
      name: "ModelCore",
      dependencies: [
        "COpenBLAS", "KeyedRandom", "Safetensors", "StrictJSON",
        .product(name: "RealModule", package: "swift-numerics"),
      ],
      linkerSettings: [.linkedLibrary("m")]),

    // MARK: - Level 3: learning and measuring; neither knows the other
    .target(
      name: "Training",
      dependencies: [
        "KeyedRandom", "ModelCore", "Safetensors", "StrictJSON", "Tasks",
        .product(name: "RealModule", package: "swift-numerics"),
      ], swiftSettings: fenced),
    .target(
      name: "Analysis",
      dependencies: [
        "KeyedRandom", "ModelCore", "Tasks",
        .product(name: "RealModule", package: "swift-numerics"),
      ],
      swiftSettings: fenced),

    // MARK: - Level 4: files that hold results
    .target(
      name: "Results",
      dependencies: [
        "Analysis", "HDF5", "ModelCore", "Safetensors", "StrictJSON", "Tasks",
      ],
      swiftSettings: fenced),

    // MARK: - Level 5: the command line
    .executableTarget(
      name: "prerl",
      dependencies: [
        "Analysis", "HDF5", "KeyedRandom", "ModelCore", "Results", "Safetensors", "StrictJSON",
        "Tasks", "Tokenizers", "Training",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      resources: [.copy("Resources/base"), .copy("Resources/lexicons")],
      swiftSettings: fenced),

    // MARK: - Tests: one target per module
    .target(name: "TestSupport", dependencies: ["KeyedRandom"], path: "Tests/TestSupport"),
    .testTarget(
      name: "StrictJSONTests", dependencies: ["KeyedRandom", "StrictJSON", "TestSupport"]),
    .testTarget(name: "KeyedRandomTests", dependencies: ["KeyedRandom", "TestSupport"]),
    .testTarget(
      name: "SafetensorsTests", dependencies: ["KeyedRandom", "Safetensors", "TestSupport"]),
    .testTarget(
      name: "TokenizersTests",
      dependencies: ["KeyedRandom", "StrictJSON", "Tasks", "Tokenizers", "TestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "HDF5Tests", dependencies: ["HDF5", "TestSupport"]),
    .testTarget(
      name: "ModelCoreTests",
      dependencies: ["KeyedRandom", "ModelCore", "Safetensors", "StrictJSON", "TestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(name: "TasksTests", dependencies: ["KeyedRandom", "Tasks", "TestSupport"]),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "KeyedRandom", "ModelCore", "StrictJSON", "Tasks", "TestSupport", "Training",
      ]),
    .testTarget(
      name: "AnalysisTests",
      dependencies: ["Analysis", "KeyedRandom", "ModelCore", "Tasks", "TestSupport"]),
    .testTarget(
      name: "ResultsTests",
      dependencies: [
        "Analysis", "HDF5", "KeyedRandom", "ModelCore", "Results", "StrictJSON", "Tasks",
        "TestSupport",
      ]),
    .testTarget(
      name: "prerlTests",
      dependencies: [
        "prerl", "KeyedRandom", "ModelCore", "StrictJSON", "TestSupport", "Tokenizers",
      ],
      resources: [.copy("Fixtures")]),
  ]
)
