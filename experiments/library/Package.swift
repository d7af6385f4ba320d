// swift-tools-version: 6.2
// A program of its own that uses the libraries of the package two folders above.
import PackageDescription

let package = Package(
  name: "library",
  dependencies: [
    // The name makes the products independent of what the checkout's folder is called.
    .package(name: "prerl", path: "../..")
  ],
  targets: [
    .executableTarget(
      name: "AlignFromSwift",
      dependencies: [
        .product(name: "Analysis", package: "prerl"),
        .product(name: "KeyedRandom", package: "prerl"),
        .product(name: "ModelCore", package: "prerl"),
        .product(name: "Runs", package: "prerl"),
        .product(name: "Statistics", package: "prerl"),
        .product(name: "Tasks", package: "prerl"),
      ])
  ]
)
