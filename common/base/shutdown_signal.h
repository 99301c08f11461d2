// Handling of SIGINT and SIGTERM on an ordinary thread.
#pragma once

#include <functional>
#include <thread>

namespace newsgenre {

// Blocks SIGINT and SIGTERM in the calling thread and in all threads that it starts later, and owns a thread
// that waits for them. Create it in main() before any other thread exists.
class ShutdownSignal {
 public:
  // Calls `on_signal` on the owned thread with the number of the first signal, at most once. A second signal
  // ends the process at once with exit status 128 + its number, as a shell reports for a killed process.
  // `on_signal` must not block: the second signal is handled only after it returns.
  explicit ShutdownSignal(std::function<void(int signal_number)> on_signal);
  // Stops the thread. Blocks until a running `on_signal` has returned.
  ~ShutdownSignal();
  ShutdownSignal(const ShutdownSignal&) = delete;
  ShutdownSignal& operator=(const ShutdownSignal&) = delete;

 private:
  void Wait();
  // Blocks until a signal arrives and returns its number, or returns 0 if the object is being destroyed.
  int NextSignal();

  std::function<void(int)> on_signal_;
  int wake_fd_;
  int signal_fd_;
  std::thread thread_;
};

}  // namespace newsgenre
