// Settings of the runtime libraries: the C library's allocator, libgomp and Abseil.
#pragma once

namespace newsgenre {

// What the allocator does with freed memory.
enum class FreedMemory {
  kReturned,  // returns large blocks to the system at once, as the C library does by default
  kKept,      // keeps all for reuse; for programs that allocate the same sizes again and again
};

// Re-executes the running program (execv with `argv`) with these environment variables set, because the
// libraries read them only at startup:
//   GOMP_SPINCOUNT  makes waiting libgomp threads sleep after a short spin
//   GLIBC_TUNABLES  requests huge pages, a single arena, and what `freed` says about freed memory
// Leaves a variable that the user has set unchanged; OMP_WAIT_POLICY counts as GOMP_SPINCOUNT. Returns
// without re-executing if nothing is left to set, which is the case in the re-executed program, or if execv
// fails. Call it first in main, before any thread starts: everything done earlier is lost or done twice.
void ReexecWithRuntimeSettings(char** argv, FreedMemory freed = FreedMemory::kReturned);

// Disables deadlock detection in Abseil's mutexes, which Debian's build enables by default. gRPC locks
// several such mutexes per call. Thread-safe.
void DisableMutexDeadlockDetection();

}  // namespace newsgenre
