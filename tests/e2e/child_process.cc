#include "tests/e2e/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "gtest/gtest.h"

namespace newsgenre {

ChildProcess::ChildProcess(const std::vector<std::string>& args, const std::string& stdout_path) {
  std::vector<char*> argv;
  for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  int error_pipe[2] = {-1, -1};
  EXPECT_EQ(pipe2(error_pipe, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, stdout_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                   0644);
  posix_spawn_file_actions_adddup2(&actions, error_pipe[1], STDERR_FILENO);
  const int error = posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(error_pipe[1]);
  error_fd_ = error_pipe[0];
  if (error != 0) {
    ADD_FAILURE() << "can't start " << args[0] << ": error " << error;
    exit_code_ = 127;
  }
}

ChildProcess::~ChildProcess() {
  Signal(SIGKILL);
  Wait();
  close(error_fd_);
}

bool ChildProcess::ReadMore() {
  char buffer[4096];
  ssize_t count = 0;
  do {
    count = read(error_fd_, buffer, sizeof(buffer));
  } while (count < 0 && errno == EINTR);
  if (count > 0) log_.append(buffer, static_cast<size_t>(count));
  return count > 0;
}

std::string ChildProcess::ReadLogLine(const std::string& text) {
  size_t line_start = 0;
  do {
    for (size_t end; (end = log_.find('\n', line_start)) != std::string::npos; line_start = end + 1) {
      const std::string line = log_.substr(line_start, end - line_start);
      if (line.find(text) != std::string::npos) return line;
    }
  } while (ReadMore());
  return "";
}

void ChildProcess::Signal(int number) const {
  if (exit_code_ < 0) kill(pid_, number);
}

int ChildProcess::Wait() {
  if (exit_code_ >= 0) return exit_code_;
  while (ReadMore()) {
  }
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  exit_code_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return exit_code_;
}

}  // namespace newsgenre
