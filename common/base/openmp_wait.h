// How the threads of OpenMP wait for each other.
#pragma once

namespace newsgenre {

// Executes this program again, once, with OMP_WAIT_POLICY=passive: threads that wait sleep, and don't spin.
// libgomp reads that when it is loaded, before main. Does nothing where the user has set OMP_WAIT_POLICY or
// GOMP_SPINCOUNT, and goes on as before where the program can't be executed again. First in main, before any
// thread.
void LimitOpenMpSpinning(char** argv);

}  // namespace newsgenre
