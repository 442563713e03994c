import Foundation

/// The descriptors 0 to 2, which every program is given open, or should be.
enum StandardDescriptors {
  /// Opens those that are closed on /dev/null.
  ///
  /// Otherwise the next file that is opened would get such a number, and what is said on the standard error would be
  /// written into it. Where data would be lost without a word, use is an error: nothing can be read from a closed
  /// standard input, nor be written to a closed standard output.
  static func openMissing() {
    for (number, access) in [(Int32(0), O_WRONLY), (1, O_RDONLY), (2, O_RDWR)] {
      if fcntl(number, F_GETFD) >= 0 || errno != EBADF { continue }
      // The lowest free number is taken, which is this one.
      _ = open("/dev/null", access)
    }
  }
}
