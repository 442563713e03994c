// swift-tools-version: 6.3
import Foundation
import PackageDescription

// Warnings are errors in continuous integration only: a newer compiler's new warning must not break a user's build.
let strict = Context.environment["SPECTRALKIT_STRICT"] != nil
let swiftSettings: [SwiftSetting] = strict ? [.treatAllWarnings(as: .error)] : []
let cSettings: [CSetting] = strict ? [.treatAllWarnings(as: .error)] : []

// Several processes that work together, by MPI, are an optional part of the command: make mpi.
let hasMPI = Context.environment["SPECTRALKIT_MPI"] != nil
let mpiSettings: [SwiftSetting] = hasMPI ? [.define("SPECTRALKIT_MPI")] : []

#if os(macOS)
  let blasPackage: String? = nil  // Accelerate is part of the system
#else
  let blasPackage: String? = "openblas"
#endif

/// A room of the library: a Swift target under Sources/.
func room(_ name: String, _ dependencies: [Target.Dependency] = [], linker: [LinkerSetting] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings, linkerSettings: linker)
}

/// The tests of a room, under Tests/.
///
/// Fixtures are read from the source tree, beside the script that made them; they are not resources of a bundle.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], settings: [SwiftSetting] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude, swiftSettings: swiftSettings + settings)
}

/// A C library of the system, with its Debian and Homebrew packages.
func system(_ name: String, pkgConfig: String?, apt: String, brew: String?) -> Target {
  .systemLibrary(
    name: name, pkgConfig: pkgConfig,
    providers: [.apt([apt])] + (brew.map { [.brew([$0])] } ?? []))
}

/// The files of the playground's page, which become part of the program. Named one by one: SwiftPM keeps what a manifest
/// says until its text changes, so that it would not see a new file of a folder.
let pageScripts = [
  "api", "canvas", "chart", "choice", "comparison", "diagnostics", "filter-state", "filter", "format",
  "kernel-state", "kernel", "latest", "learn-picture", "learn", "learning-curves", "link", "main", "mask",
  "messages", "network", "numbers", "pad", "picture-stack", "pictures", "plane", "profile", "readout",
  "share-subjects", "share", "slide-picture", "slide-state", "slide", "step-list", "steps", "tabs", "tools",
]
let page: [Resource] = (["areas.css", "icon.svg", "index.html", "style.css"] + pageScripts.map { "\($0).js" }).map {
  .embedInCode("Page/\($0)")
}

/// What a build with MPI has beside the others.
let mpiTargets: [Target] = [
  system("CMPI", pkgConfig: "ompi-c", apt: "libopenmpi-dev", brew: "open-mpi"),
  room("SpectralMPI", ["CMPI"]),
  // What its tests start on several ranks.
  .executableTarget(
    name: "mpi-check", dependencies: ["SpectralMPI"], path: "Tests/MPICheck", swiftSettings: swiftSettings),
]

let package = Package(
  name: "SpectralKit",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "SpectralKit", targets: ["SpectralKit"]),
    // Singly, for those who want less: convolution of tensors links FFTW alone, images add the codecs, networks BLAS.
    .library(name: "SpectralTransforms", targets: ["SpectralTransforms"]),
    .library(name: "SpatialConvolution", targets: ["SpatialConvolution"]),
    .library(name: "FourierConvolution", targets: ["FourierConvolution"]),
    .library(name: "AutomaticConvolution", targets: ["AutomaticConvolution"]),
    .library(name: "SpectralImaging", targets: ["SpectralImaging"]),
    .library(name: "SpectralNetworks", targets: ["SpectralNetworks"]),
    .executable(name: "spectral", targets: ["spectral"]),
    // The C interface: spectralkit.h.
    .library(name: "spectralkit", type: .dynamic, targets: ["SpectralInterface"]),
  ],
  targets: [
    // The system's C libraries.
    system("CFFTW", pkgConfig: "fftw3f", apt: "libfftw3-dev", brew: "fftw"),
    system("CBLAS", pkgConfig: blasPackage, apt: "libopenblas-dev", brew: nil),
    system("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev", brew: "zlib"),
    system("CPNG", pkgConfig: "libpng", apt: "libpng-dev", brew: "libpng"),
    system("CMicroHTTPD", pkgConfig: "libmicrohttpd", apt: "libmicrohttpd-dev", brew: "libmicrohttpd"),
    system("CJPEG", pkgConfig: "libjpeg", apt: "libjpeg-dev", brew: "jpeg-turbo"),

    // Our own C: loops with run-time CPU dispatch, and codecs behind calls that return codes.
    .target(name: "CKernels", cSettings: cSettings),
    .target(name: "CImageCodecs", dependencies: ["CJPEG", "CPNG"], cSettings: cSettings),
    // What others call: the header of the C interface, which SpectralInterface implements.
    .target(name: "CSpectral", cSettings: cSettings),

    // The rooms, ground floor first. Arrows point down only.
    room("SpectralCore", ["CKernels"]),
    room("SpectralTransforms", ["CFFTW", "CKernels", "SpectralCore"]),
    room("SpectralConvolution", ["SpectralCore"]),
    room("SpatialConvolution", ["CKernels", "SpectralConvolution", "SpectralCore"]),
    room(
      "FourierConvolution",
      ["CFFTW", "CKernels", "SpectralConvolution", "SpectralCore", "SpectralTransforms"]),
    room("AutomaticConvolution", ["SpatialConvolution", "FourierConvolution"]),
    room("SpectralImaging", ["AutomaticConvolution", "CImageCodecs", "CKernels", "CZlib"]),
    room(
      "SpectralNetworks", ["AutomaticConvolution", "CBLAS", "CKernels", "CZlib", "SpectralImaging"],
      linker: [.linkedFramework("Accelerate", .when(platforms: [.macOS]))]),
    room("SpectralFigures", ["SpectralImaging"]),
    room("SpectralKit", ["SpectralFigures", "SpectralNetworks"]),
    room("SpectralInterface", ["CSpectral", "SpectralImaging"]),
    room("SpectralBenchmarks", ["AutomaticConvolution", "CKernels"]),
    room("SpectralLessons", ["SpectralKit", "SpectralBenchmarks"]),
    .target(
      name: "SpectralPlayground",
      dependencies: ["CMicroHTTPD", "SpectralLessons", "SpectralBenchmarks", "SpectralKit"],
      resources: page, swiftSettings: swiftSettings),
    .executableTarget(
      name: "spectral",
      dependencies: ["SpectralKit", "SpectralBenchmarks", "SpectralLessons", "SpectralPlayground"]
        + (hasMPI ? ["SpectralMPI"] : []),
      swiftSettings: swiftSettings + mpiSettings),

    // The tests, by subject.
    .target(
      name: "TestSupport", dependencies: ["SpectralNetworks"], path: "Tests/TestSupport", swiftSettings: swiftSettings),
    tests("CoreTests", ["SpectralNetworks"], exclude: ["Fixtures"]),
    tests("TransformsTests", ["SpectralTransforms"]),
    tests("LayersTests", ["SpectralNetworks"], exclude: ["Fixtures"]),
    tests("ConvolutionTests", ["AutomaticConvolution"], exclude: ["Fixtures"]),
    tests("ChartsTests", ["SpectralFigures"]),
    tests("BenchmarkTests", ["SpectralBenchmarks"]),
    tests("StreamingTests", ["AutomaticConvolution"], exclude: ["Fixtures"]),
    tests("RestorationTests", ["SpectralImaging"], exclude: ["Fixtures"]),
    tests("ImagingTests", ["CImageCodecs", "SpectralImaging"], exclude: ["Fixtures"]),
    tests("KernelsTests", ["SpectralImaging"], exclude: ["Fixtures"]),
    tests("PicturesTests", ["SpectralFigures"]),
    tests("FrequencyFiltersTests", ["SpectralImaging"], exclude: ["Fixtures"]),
    tests("DatasetsTests", ["CZlib", "SpectralNetworks"]),
    tests("TrainingTests", ["SpectralKit"]),
    tests("LessonTests", ["SpectralLessons"]),
    tests("CommandTests", ["SpectralKit", "spectral"], exclude: ["Fixtures"]),
    tests("PlaygroundTests", ["SpectralPlayground", "SpectralKit", "spectral"]),
    tests("BrowserTests", ["SpectralPlayground", "SpectralKit", "spectral"]),
    .target(
      name: "CInterfaceFuzz", dependencies: ["CSpectral"], path: "Tests/CInterfaceFuzz", cSettings: cSettings),
    tests("CInterfaceTests", ["CInterfaceFuzz", "CSpectral", "SpectralInterface"]),
    tests("MPITests", ["SpectralKit", "spectral"] + (hasMPI ? ["mpi-check"] : []), settings: mpiSettings),
    tests("DocumentationTests", ["SpectralLessons", "SpectralKit", "spectral"], exclude: ["Programs"]),
  ] + (hasMPI ? mpiTargets : []),
  swiftLanguageModes: [.v6]
)
