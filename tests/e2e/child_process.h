// A program that a test runs.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace newsgenre {

// Runs a program until it ends or the object is destroyed, which kills it. Redirects its standard output to a
// file, and its standard error to a pipe that ReadLogLine and Wait read. Not thread-safe.
class ChildProcess {
 public:
  // `args[0]` is the path of the program.
  ChildProcess(const std::vector<std::string>& args, const std::string& stdout_path);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Blocks until a line of standard error contains `text`, and returns the line. Returns "" if the program
  // ends without such a line.
  std::string ReadLogLine(const std::string& text);
  void Signal(int number) const;
  // Blocks until the program ends. Returns its exit code, or 128 + the signal that ended it.
  int Wait();
  // Returns the standard error read so far.
  const std::string& log() const { return log_; }

 private:
  // Blocks until more of standard error is appended to log_. Returns false at its end.
  bool ReadMore();

  pid_t pid_ = -1;
  int error_fd_ = -1;
  int exit_code_ = -1;  // -1 while the program runs
  std::string log_;
};

}  // namespace newsgenre
