import SpectralImaging
import SpectralKit
import SpectralCore

/// Filters images, and pictures what became of them and of their spectra.
struct FilterEdit: ImageEdit {
  let steps: FilterSteps
  let boundary: Boundary
  let padding: FilterPadding
  let memoryLimit: Int?
  /// Where a picture of the image beside its result goes.
  let strip: OutputPlace?
  /// Where a picture of their spectra goes.
  let spectra: OutputPlace?
  /// Says what was found in an image.
  let say: @Sendable (String) -> Void
  /// Hears how an image is padded; nil if nobody asked.
  let explain: (@Sendable (String) -> Void)?

  var isSigned: Bool { steps.isSigned }

  func edited<Scalar: AnyMethodScalar>(
    _ image: ImagePlanes<Scalar>, name: String, stages: inout StageTimes
  ) throws -> ImagePlanes<Scalar> {
    try image.requireOpaque(for: boundary, name: name)
    do {
      return try steps.apply(
        to: image, stage: { try stages.measure($0, $1) },
        removingWaves: { planes, opacity in
          let extent = Extent(height: planes.shape[1], width: planes.shape[2])
          try ImageMemory(name: name, shape: planes.shape, scalarBytes: MemoryLayout<Scalar>.stride).require(
            MemoryEstimate(bytes: PeriodicNoise.estimatedBytes(image: extent, scalar: Scalar.self)),
            for: "looking for waves in")
          let cleaned = try stages.measure("remove waves") { try removeWaves(from: planes, opacity) }
          for line in PeriodicNoiseReport(name: name, waves: cleaned.waves).lines { say(line) }
          return cleaned.images
        },
        by: { filter, planes, _ in try apply(filter, planes, name, &stages) })
    } catch let error where error is FrequencyFilterError || error is RestorationError {
      throw CommandError("\(name): \(error)")
    }
  }

  private func removeWaves<Scalar: AnyMethodScalar>(
    from planes: Tensor<Scalar>, _ opacity: Tensor<Float>?
  ) throws(RestorationError) -> (images: Tensor<Scalar>, waves: [PeriodicNoise.Wave]) {
    let extent = Extent(height: planes.shape[1], width: planes.shape[2])
    let bytes = PeriodicNoise.estimatedBytes(image: extent, scalar: Scalar.self)
    if let memoryLimit, bytes > memoryLimit {
      throw RestorationError(
        "to look for waves in \(extent) pixels takes \(ByteCount(bytes)) of working memory, and the limit is "
          + "\(ByteCount(memoryLimit)): raise the limit")
    }
    return try PeriodicNoise().removed(from: planes, weights: opacity)
  }

  private func apply<Scalar: AnyMethodScalar>(
    _ filter: FrequencyFilter, _ planes: Tensor<Scalar>, _ name: String, _ stages: inout StageTimes
  ) throws -> Tensor<Scalar> {
    let plan = try stages.measure("plan") {
      try FilterPlan<Scalar>(
        filter, height: planes.shape[1], width: planes.shape[2], boundary: boundary, padding: padding,
        memoryLimit: memoryLimit)
    }
    try ImageMemory(name: name, shape: planes.shape, scalarBytes: MemoryLayout<Scalar>.stride).require(
      MemoryEstimate(bytes: plan.workingBytes(planes: planes.shape[0])), for: "filtering")
    explain?(
      "\(name): \(plan.height) x \(plan.width) pixels in a transform of \(plan.paddedHeight) x \(plan.paddedWidth) points "
        + "(\(boundary.rawValue)), \(ByteCount(plan.workingBytes(planes: planes.shape[0]))) of working memory")
    let (result, times) = try plan.timed(planes)
    stages.add("transform rows", times.rows)
    stages.add("transform, filter and invert columns", times.columns)
    stages.add("invert rows", times.rowsBack)
    return result
  }

  func finish<Scalar: AnyMethodScalar>(
    _ before: ImagePlanes<Scalar>, _ after: ImagePlanes<Scalar>, input: String, stages: inout StageTimes
  ) throws {
    if let path = strip?.path(for: input) {
      try stages.measure("before and after") {
        let right = isSigned ? SignedPicture(after).image : RasterImage(shown: after)
        try PictureStrip.row([RasterImage(shown: before), right]).write(to: path)
      }
    }
    if let path = spectra?.path(for: input) {
      try stages.measure("spectra") { try SpectrumPair(before, after, name: input).image.write(to: path) }
    }
  }
}
