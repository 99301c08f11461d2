#include "common/model/cpu_threads.h"

#include <ATen/Parallel.h>
#include <sched.h>

namespace newsgenre {

int AvailableCpus() {
  cpu_set_t cpus;
  return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
}

void SetCpuThreads(int threads) { at::set_num_threads(threads); }

}  // namespace newsgenre
