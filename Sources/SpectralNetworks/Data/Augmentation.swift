import SpectralCore

/// Random changes to training images that do not change what they show.
///
/// Each image of each epoch draws a ``Placement`` of its own.
public struct Augmentation: Hashable, Sendable {
  /// What is beyond the edge of an image that moves.
  public enum Edge: String, CaseIterable, Hashable, Sendable {
    /// Black: a stored 0, before normalization.
    case black
    /// The image reflected, without repeating its outermost pixels.
    case reflected
    /// The outermost pixel.
    case extended
  }

  /// Where one image goes: first it is mirrored, or not, then it moves.
  public struct Placement: Hashable, Sendable {
    /// How many pixels it moves down.
    public var down: Int
    /// How many pixels it moves to the right.
    public var right: Int
    /// Whether left and right are exchanged first.
    public var isMirrored: Bool

    /// A placement.
    public init(down: Int = 0, right: Int = 0, isMirrored: Bool = false) {
      self.down = down
      self.right = right
      self.isMirrored = isMirrored
    }

    /// The image stays as it is.
    public static let identity = Placement()
  }

  /// How many pixels an image moves at most, up, down, left and right; each distance is equally likely.
  public var shift: Int
  /// Whether half of the images are mirrored, left to right. Not for digits.
  public var flips: Bool
  /// What comes in when an image moves.
  public var edge: Edge

  /// Random changes.
  ///
  /// - Precondition: `shift` is not negative.
  public init(shift: Int = 0, flips: Bool = false, edge: Edge = .black) {
    precondition(shift >= 0, "a random shift of up to \(shift) pixels")
    self.shift = shift
    self.flips = flips
    self.edge = edge
  }

  /// Images stay as they are.
  public static let none = Augmentation()

  /// Pads an image on all sides and cuts its old size out of it somewhere: the usual augmentation of CIFAR-10, with
  /// padding 4 and flips. It is a random shift by another name.
  public static func randomCrop(padding: Int, edge: Edge = .black, flips: Bool = false) -> Augmentation {
    Augmentation(shift: padding, flips: flips, edge: edge)
  }

  /// The placement of the next image.
  public func placement(using random: inout RandomGenerator) -> Placement {
    // Always three draws, so that one setting does not change what another one draws.
    let (down, right, mirror) = (random.below(2 * shift + 1), random.below(2 * shift + 1), random.below(2))
    return Placement(down: down - shift, right: right - shift, isMirrored: flips && mirror == 1)
  }

  /// The column (or row) of an image that is seen at `place`, or -1 for black.
  static func source(_ place: Int, movedBy distance: Int, isMirrored: Bool, extent: Int, edge: Edge) -> Int {
    var place = place - distance
    if place < 0 || place >= extent {
      switch edge {
      case .black: return -1
      case .extended: place = min(max(place, 0), extent - 1)
      case .reflected:
        let period = max(2 * (extent - 1), 1)
        place = ((place % period) + period) % period
        if place >= extent { place = period - place }
      }
    }
    return isMirrored ? extent - 1 - place : place
  }
}
