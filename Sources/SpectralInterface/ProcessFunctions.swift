// Functions have the names of the header.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpectral
import Foundation
import SpectralCore

@c @implementation
public func spectral_interface() -> Int32 { Int32(SPECTRAL_INTERFACE) }

// The text stays as long as the process.
private nonisolated(unsafe) let version: UnsafePointer<CChar> = UnsafePointer(strdup(SpectralVersion.current))

@c @implementation
public func spectral_version() -> UnsafePointer<CChar>! { version }

@c @implementation
public func spectral_set_threads(_ count: Int32) -> spectral_status {
  report {
    guard (1...1024).contains(count) else {
      throw InterfaceError.invalid("\(count) threads cannot work: there may be 1 to 1024")
    }
    Parallel.threads = Int(count)
  }
}

@c @implementation
public func spectral_threads() -> Int32 { Int32(clamping: Parallel.threads) }
