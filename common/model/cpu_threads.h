// How many CPU threads torch takes. This header shows no torch.
#pragma once

#include <string>

namespace newsgenre {

// CPUs that this process may use at once: those it may run on, or as many as its cgroup's quota (a
// container's limit) is worth, whichever is less; at least 1.
int AvailableCpus();

// The smallest CPU quota, in whole CPUs rounded up, of a process's cgroup and of those around it; the largest
// int without one. `root`: where the cgroups are mounted, version 2 or 1. `membership`: the process's
// /proc/PID/cgroup.
int CpuQuota(const std::string& root, const std::string& membership);

// Each thread that computes with torch may use this many CPU threads, at least 1. Once, before the first of
// them does.
void SetCpuThreads(int threads);

}  // namespace newsgenre
