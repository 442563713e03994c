// The whole library under one name: `import SpectralKit` opens every room.
@_exported import AutomaticConvolution
@_exported import Charts
@_exported import Datasets
@_exported import Fourier
@_exported import FourierConvolution
@_exported import FrequencyFilters
@_exported import ImageEditing
@_exported import Imaging
@_exported import Kernels
@_exported import Layers
@_exported import Pictures
@_exported import Restoration
@_exported import SpatialConvolution
@_exported import Streaming
@_exported import Tensors
@_exported import Training
