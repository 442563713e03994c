import SpectralKit
import SpectralCore

/// What an image command holds at one time, which is judged before the work begins.
struct ImageMemory {
  /// What errors call the image.
  let name: String
  /// Of the planes, `[C, H, W]`.
  let shape: TensorShape
  /// The bytes of one number of the planes.
  let scalarBytes: Int
  /// Images of that size that are held besides the work: the one that was read, and its result, unless told.
  var images = 2

  /// The images, with their transparency, and the samples and bytes of a picture's file or of one that is shown.
  private var held: MemoryEstimate {
    (0..<images).reduce(MemoryEstimate(shape.extents, scalarBytes: 8)) { sum, _ in
      sum + MemoryEstimate(shape.extents, scalarBytes: scalarBytes)
        + MemoryEstimate([shape[1], shape[2]], scalarBytes: 4)
    }
  }

  /// Refuses work for which there is no room beside the images.
  ///
  /// - Parameters:
  ///   - working: What the work takes.
  ///   - task: As the beginning of a sentence, e.g. `filtering`.
  /// - Throws: ``CommandError`` with the estimate.
  func require(_ working: MemoryEstimate, for task: String) throws {
    do {
      try MemoryBudget.machine.require(
        held + working, for: "\(task) \(shape[1]) x \(shape[2]) pixels", remedy: "take a smaller image")
    } catch {
      throw CommandError("\(name): \(error)")
    }
  }
}
