import SpectralCore

/// The number of axes over which a layer's window slides, as a type, so that `Convolution2D` and `Convolution3D` are one
/// implementation and two types.
public protocol SpatialRank: Sendable {
  /// 1 for signals `[N, C, L]`, 2 for images `[N, C, H, W]`, 3 for volumes `[N, C, D, H, W]`.
  static var axes: Int { get }
}

/// Signals, `[N, C, L]`.
public enum Rank1: SpatialRank { public static var axes: Int { 1 } }
/// Images, `[N, C, H, W]`.
public enum Rank2: SpatialRank { public static var axes: Int { 2 } }
/// Volumes, `[N, C, D, H, W]`.
public enum Rank3: SpatialRank { public static var axes: Int { 3 } }

extension SpatialRank {
  /// What a batch is, for errors.
  static var batch: String {
    ["signals, N x C x L", "images, N x C x H x W", "volumes, N x C x D x H x W"][axes - 1]
  }
}
