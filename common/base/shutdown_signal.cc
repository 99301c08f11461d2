#include "common/base/shutdown_signal.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace newsgenre {

ShutdownSignal::ShutdownSignal(std::function<void(int)> on_signal) : on_signal_(std::move(on_signal)) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  wake_fd_ = eventfd(0, EFD_CLOEXEC);
  signal_fd_ = signalfd(-1, &signals, SFD_CLOEXEC);
  thread_ = std::thread([this] { Wait(); });
}

ShutdownSignal::~ShutdownSignal() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_fd_, &one, sizeof(one));
  thread_.join();
  close(signal_fd_);
  close(wake_fd_);
}

void ShutdownSignal::Wait() {
  const int first = NextSignal();
  if (first == 0) return;
  on_signal_(first);
  // Exits explicitly, because process 1, such as a container's main program, ignores a signal's default
  // action.
  if (const int second = NextSignal(); second != 0) std::_Exit(128 + second);
}

int ShutdownSignal::NextSignal() {
  pollfd fds[2] = {{signal_fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}};
  while (poll(fds, 2, -1) < 0 && errno == EINTR) {
  }
  signalfd_siginfo info;
  const bool signalled =
      (fds[0].revents & POLLIN) != 0 && read(signal_fd_, &info, sizeof(info)) == sizeof(info);
  return signalled ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace newsgenre
