// A program that a test starts, listens to and stops.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace newsgenre {

// Runs a program. Its standard output goes to a file, its standard error comes through a pipe that
// ReadLogLine and Wait read. Kills it when it goes out of scope. One thread.
class ChildProcess {
 public:
  // `args[0]` is the program's path.
  ChildProcess(const std::vector<std::string>& args, const std::string& stdout_path);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Waits for a line of standard error that holds `text`; empty where the program ended without one.
  std::string ReadLogLine(const std::string& text);
  void Signal(int number) const;
  // Waits for its end: the exit code, or 128 + the signal that ended it.
  int Wait();
  // All of standard error that was read so far.
  const std::string& log() const { return log_; }

 private:
  // Appends what comes next to log_; false at the end.
  bool ReadMore();

  pid_t pid_ = -1;
  int error_fd_ = -1;
  int exit_code_ = -1;  // once it has ended
  std::string log_;
};

}  // namespace newsgenre
