// Runs the project's own loops on torch's CPU threads.
#pragma once

#include <cstdint>
#include <functional>

namespace newsgenre {

// Divides the range from 0 to `count` into shares and calls body(begin, end) for each of them, concurrently
// on the calling thread's CPU threads. Each share except the last has at least `grain` elements. With several
// shares, torch's operators in `body` use one thread each; a single share runs on the calling thread as if
// called directly. Throws the exception of a body.
//
// Does not use at::parallel_for, which is inline and runs on one thread if it is compiled without OpenMP.
// This project is compiled without OpenMP, because a second OpenMP runtime next to torch's slows both down.
void ParallelFor(int64_t count, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body);

}  // namespace newsgenre
