// Scheduling of the program's threads by the kernel.
#pragma once

namespace newsgenre {

// Sets SCHED_BATCH for the calling thread and for threads that it starts later. A thread that wakes then runs
// at once on an idle core, but does not preempt a thread on a busy one. Threads that pass work to each other
// switch less often on busy cores and find more work at each switch. Has no effect if the system refuses.
void UseBatchScheduling();

}  // namespace newsgenre
