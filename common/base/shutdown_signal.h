// SIGINT and SIGTERM as an ordinary event.
#pragma once

#include <functional>
#include <thread>

namespace newsgenre {

// Blocks SIGINT and SIGTERM in this thread and in all threads it starts later, and waits for them on a thread
// of its own. Make one in main() before any other thread exists.
class ShutdownSignal {
 public:
  // `on_signal` is called on that thread, at most once: with the first signal's number. A second signal ends
  // the process at once, with the exit status 128 + its number that a shell gives for a killed process; so
  // `on_signal` doesn't block.
  explicit ShutdownSignal(std::function<void(int signal_number)> on_signal);
  // Ends the waiting; after a signal it waits for `on_signal` to return.
  ~ShutdownSignal();
  ShutdownSignal(const ShutdownSignal&) = delete;
  ShutdownSignal& operator=(const ShutdownSignal&) = delete;

 private:
  void Wait();
  int NextSignal();  // waits for it; 0: the destructor ends the waiting

  std::function<void(int)> on_signal_;
  int wake_fd_;
  int signal_fd_;
  std::thread thread_;
};

}  // namespace newsgenre
