// torch's own CPU threads for loops of ours.
#pragma once

#include <cstdint>
#include <functional>

namespace newsgenre {

// Calls body(begin, end) for shares that make up 0 … count, each at least `grain` long (but the last), side
// by side on the calling thread's CPU threads; torch's operators in them then run on one thread each, but
// where there is one share, which runs as it would without this. An exception of a body passes. Not
// at::parallel_for: that is inline, and one thread's where it is compiled without OpenMP, as ours is (a
// second OpenMP runtime beside torch's costs far more).
void ParallelFor(int64_t count, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body);

}  // namespace newsgenre
