// Streams, and recording what they are asked for, as cuStreamBeginCapture does.
#pragma once

#include <functional>

/// A kernel waits here until it is known what comes behind it: that may begin before it has ended, see fibers.h.
struct Stream {
  std::function<int()> held;

  /// Runs the kernel that waits, if one does.
  int finish();
};

/// Keeps `work` for the graph that is being recorded, or does it now, behind everything before it.
int do_or_record(void *stream, std::function<int()> work);
