// The number of CPUs that this process can use, and of threads that torch uses. This header does not include
// torch.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace newsgenre {

// Returns the number of CPUs that this process can use at once, at least 1: the smaller of its CPU affinity
// and its cgroup's CPU quota, which is how a container is limited.
int AvailableCpus();

// Returns the smallest CPU quota of a process's cgroup and that group's ancestors, in CPUs rounded up, or the
// largest int if there is no quota. `root` is where cgroups of version 1 or 2 are mounted. `membership` is
// the text of the process's /proc/PID/cgroup.
int CpuQuota(const std::string& root, const std::string& membership);

// Chooses the number of threads for a piece of work. Starts with `max_threads` and halves it as long as the
// work takes less than kClearGain times its shortest time so far. Small models are no slower with one thread,
// which leaves the other CPUs to the rest of the program. `measure` returns the seconds that the work takes
// with `threads` threads. Returns its first error.
absl::StatusOr<int> ChooseCpuThreads(int max_threads,
                                     const std::function<absl::StatusOr<double>(int threads)>& measure);
inline constexpr double kClearGain = 1.3;

// Sets the number of CPU threads, at least 1, that torch's operators and ParallelFor use when the calling
// thread runs them. The number is also the default of threads that have not used torch yet; other threads
// keep theirs. Call it once, before the program starts the threads that compute: a later call gives old and
// new threads different numbers.
void SetCpuThreads(int threads);

}  // namespace newsgenre
