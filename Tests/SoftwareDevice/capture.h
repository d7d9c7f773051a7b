// Recording what a stream is asked for, as cuStreamBeginCapture does.
#pragma once

#include <functional>

/// Keeps `work` for the graph that is being recorded, or does it now.
int do_or_record(std::function<int()> work);
