// The whole library under one name: `import SpectralKit` opens every room.
@_exported import AutomaticConvolution
@_exported import FourierConvolution
@_exported import SpatialConvolution
@_exported import SpectralConvolution
@_exported import SpectralCore
@_exported import SpectralFigures
@_exported import SpectralImaging
@_exported import SpectralNetworks
@_exported import SpectralTransforms
