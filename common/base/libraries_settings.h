// How the libraries under a program behave.
#pragma once

namespace newsgenre {

// Executes this program again, once, with the settings that suit it, each but where the user has one:
// GOMP_SPINCOUNT (threads of libgomp that wait soon sleep, and spin no longer; OMP_WAIT_POLICY is a user's
// setting of that, too), and GLIBC_TUNABLES for memory in huge pages, where the system has them. Goes on as
// before where the program can't be executed again. First in main, before any thread.
void SetLibrariesSettings(char** argv);

// From now on Abseil's mutexes, which gRPC locks several times a call, don't look for deadlocks, as Debian's
// do by default. Any thread.
void StopLookingForDeadlocks();

}  // namespace newsgenre
