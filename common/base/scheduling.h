// How the kernel shares the cores out among this program's threads.
#pragma once

namespace newsgenre {

// The calling thread, and those that it will start, no longer interrupt others when they wake (SCHED_BATCH):
// an idle core takes them at once, a busy one when it next switches. So threads that hand work on to each
// other switch less often where the cores are busy, and more is ready each time. Where the system refuses it,
// nothing changes.
void UseBatchScheduling();

}  // namespace newsgenre
