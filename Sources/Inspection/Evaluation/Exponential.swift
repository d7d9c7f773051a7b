#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The C library's `exp`, imported in this one place because its module differs by platform.
func exponential(_ x: Double) -> Double { exp(x) }
