// What libraries read from the environment when they are loaded, before main.
#pragma once

namespace newsgenre {

// Executes this program again, once, with the settings that suit it, each but where the user has one:
// OMP_WAIT_POLICY=passive (threads of libgomp that wait sleep, and don't spin; GOMP_SPINCOUNT is a user's
// setting too), and GLIBC_TUNABLES for memory in huge pages, where the system has them. Goes on as before
// where the program can't be executed again. First in main, before any thread.
void SetLibrariesSettings(char** argv);

}  // namespace newsgenre
