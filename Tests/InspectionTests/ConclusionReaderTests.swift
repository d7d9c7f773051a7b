import Inspection
import Testing

@Suite("Conclusions of a reasoning")
struct ConclusionReaderTests {
}
