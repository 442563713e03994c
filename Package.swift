// swift-tools-version: 6.2
import Foundation
import PackageDescription

// Warnings are errors in continuous integration only: a newer compiler's new warning must not break a user's build.
let strict = Context.environment["SPECTRALKIT_STRICT"] != nil
let swiftSettings: [SwiftSetting] = strict ? [.treatAllWarnings(as: .error)] : []
let cSettings: [CSetting] = strict ? [.treatAllWarnings(as: .error)] : []

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
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude, swiftSettings: swiftSettings)
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

let package = Package(
  name: "SpectralKit",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "SpectralKit", targets: ["SpectralKit"]),
    .executable(name: "spectral", targets: ["spectral"]),
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

    // The rooms, ground floor first. Arrows point down only.
    room(
      "Tensors", ["CBLAS", "CKernels"],
      linker: [.linkedFramework("Accelerate", .when(platforms: [.macOS]))]),
    room("Fourier", ["CFFTW", "CKernels", "Tensors"]),
    room("Layers", ["CKernels", "Tensors"]),
    room("SpatialConvolution", ["CKernels", "Layers"]),
    room("FourierConvolution", ["CKernels", "Fourier", "Layers"]),
    room("AutomaticConvolution", ["SpatialConvolution", "FourierConvolution"]),
    room("Streaming", ["AutomaticConvolution"]),
    room("Restoration", ["Fourier", "FourierConvolution", "FrequencyFilters", "Layers", "Tensors"]),
    room("Imaging", ["CImageCodecs", "CZlib", "Tensors"]),
    room("Kernels", ["Fourier", "Imaging", "Layers", "Tensors"]),
    room("FrequencyFilters", ["Fourier", "Layers", "Tensors"]),
    room("Charts", ["Tensors"]),
    room("Pictures", ["Charts", "Fourier", "Imaging"]),
    room(
      "ImageEditing",
      ["AutomaticConvolution", "Fourier", "FrequencyFilters", "Imaging", "Kernels", "Pictures", "Restoration"]),
    room("Datasets", ["CZlib", "Imaging", "Tensors"]),
    room("Training", ["AutomaticConvolution", "Datasets", "Imaging", "Layers"]),
    room(
      "SpectralKit",
      [
        "Tensors", "Fourier", "Layers", "SpatialConvolution", "FourierConvolution", "AutomaticConvolution",
        "Streaming", "Restoration", "Imaging", "Kernels", "FrequencyFilters", "Charts", "Pictures", "ImageEditing",
        "Datasets", "Training",
      ]),
    room("Lessons", ["SpectralKit", "Charts", "SpectralBenchmarks"]),
    room("SpectralBenchmarks", ["AutomaticConvolution", "CKernels"]),
    .target(
      name: "Playground", dependencies: ["CMicroHTTPD", "Lessons", "SpectralBenchmarks", "SpectralKit"],
      resources: page,
      swiftSettings: swiftSettings),
    .executableTarget(
      name: "spectral", dependencies: ["SpectralKit", "SpectralBenchmarks", "Charts", "Lessons", "Playground"],
      swiftSettings: swiftSettings),

    // The tests mirror the rooms.
    .target(name: "TestSupport", dependencies: ["Layers"], path: "Tests/TestSupport", swiftSettings: swiftSettings),
    tests("TensorsTests", ["Tensors"], exclude: ["Fixtures"]),
    tests("FourierTests", ["Fourier"]),
    tests("LayersTests", ["Layers", "SpatialConvolution"], exclude: ["Fixtures"]),
    tests("ConvolutionTests", ["AutomaticConvolution"]),
    tests("ChartsTests", ["Charts"]),
    tests("BenchmarkTests", ["SpectralBenchmarks"]),
    tests("StreamingTests", ["Streaming"]),
    tests("RestorationTests", ["FrequencyFilters", "Imaging", "Kernels", "Restoration"], exclude: ["Fixtures"]),
    tests("ImagingTests", ["CImageCodecs", "Imaging"], exclude: ["Fixtures"]),
    tests("KernelsTests", ["Kernels", "SpatialConvolution"], exclude: ["Fixtures"]),
    tests("PicturesTests", ["Pictures"]),
    tests("FrequencyFiltersTests", ["FrequencyFilters", "Imaging"], exclude: ["Fixtures"]),
    tests("DatasetsTests", ["CZlib", "Datasets", "Imaging"]),
    tests("TrainingTests", ["SpectralKit"]),
    tests("LessonTests", ["Charts", "Lessons"]),
    tests("CommandTests", ["SpectralKit", "spectral"], exclude: ["Fixtures"]),
    tests("PlaygroundTests", ["Playground", "SpectralKit", "spectral"]),
    tests("BrowserTests", ["Playground", "SpectralKit", "spectral"]),
    tests("DocumentationTests", ["Lessons", "SpectralKit", "spectral"]),
  ],
  swiftLanguageModes: [.v6]
)
