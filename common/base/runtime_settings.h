// How the libraries under a program behave.
#pragma once

namespace newsgenre {

// Where memory goes that a program frees.
enum class FreedMemory {
  kToTheSystem,  // as the C library has it: large pieces at once
  kKept,         // for the next time: for a program that needs as much again and again
};

// Executes this program again, once, with the settings that suit it, each but where the user has one:
// GOMP_SPINCOUNT (threads of libgomp that wait soon sleep, and spin no longer; OMP_WAIT_POLICY is a user's
// setting of that, too), and GLIBC_TUNABLES for memory in huge pages, where the system has them, and kept as
// `freed` says. Goes on as before where the program can't be executed again. First in main, before any
// thread.
void ReexecWithRuntimeSettings(char** argv, FreedMemory freed = FreedMemory::kToTheSystem);

// From now on Abseil's mutexes, which gRPC locks several times a call, don't look for deadlocks, as Debian's
// do by default. Any thread.
void DisableMutexDeadlockDetection();

}  // namespace newsgenre
