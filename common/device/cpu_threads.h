// How many CPU threads torch takes. This header shows no torch.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace newsgenre {

// CPUs that this process may use at once: those it may run on, or as many as its cgroup's quota (a
// container's limit) is worth, whichever is less; at least 1.
int AvailableCpus();

// The smallest CPU quota, in whole CPUs rounded up, of a process's cgroup and of those around it; the largest
// int without one. `root`: where the cgroups are mounted, version 2 or 1. `membership`: the process's
// /proc/PID/cgroup.
int CpuQuota(const std::string& root, const std::string& membership);

// How many threads are worth their CPUs: `most`, halved as long as `seconds`, which times a piece of work
// with so many threads, stays below kClearGain times the least that it was. Small models are no slower with
// one thread, which leaves the other CPUs to the rest of the program. `seconds`'s error.
absl::StatusOr<int> ChooseCpuThreads(int most,
                                     const std::function<absl::StatusOr<double>(int threads)>& seconds);
inline constexpr double kClearGain = 1.3;

// This thread, and those that have not yet computed with torch, may use this many CPU threads, at least 1.
void SetCpuThreads(int threads);

}  // namespace newsgenre
