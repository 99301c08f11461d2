// What libraries read from the environment when they are loaded, before main.
#pragma once

namespace newsgenre {

// Executes this program again, once, with the settings that suit it, each but where the user has one:
// GOMP_SPINCOUNT (threads of libgomp that wait soon sleep, and spin no longer; OMP_WAIT_POLICY is a user's
// setting of that, too), and GLIBC_TUNABLES for memory in huge pages, where the system has them. Goes on as
// before where the program can't be executed again. First in main, before any thread.
void SetLibrariesSettings(char** argv);

}  // namespace newsgenre
