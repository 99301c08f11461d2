// How many CPU threads torch takes. This header shows no torch.
#pragma once

namespace newsgenre {

// CPUs that this process may run on.
int AvailableCpus();

// Each thread that computes with torch may use this many CPU threads, at least 1. Once, before the first of
// them does.
void SetCpuThreads(int threads);

}  // namespace newsgenre
