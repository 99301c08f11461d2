#include <chrono>
#include <future>
#include <iostream>
#include <sstream>

#include "common/base/json_log.h"
#include "common/base/runtime_settings.h"
#include "common/base/scheduling.h"
#include "common/base/shutdown_signal.h"
#include "server/classifier/classifier_model.h"
#include "server/classifier/self_test.h"
#include "server/flags.h"
#include "server/library_logs.h"
#include "server/server.h"

namespace newsgenre {
namespace {

// Documented in flags.cc.
enum ExitCode { kStopped = 0, kFailed = 1, kWrongFlags = 2 };

int Fail(const std::string& what, const absl::Status& status, ExitCode code) {
  Log(Severity::kError, what, {{"error", status.ToString()}});
  return code;
}

// Serves until `stop_signal` has a value. Returns the exit code.
int Serve(const ServerConfig& config, std::future<int> stop_signal) {
  const absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(config);
  if (!server.ok()) return Fail("can't listen", server.status(), kFailed);

  // Loads on a separate thread: torch starts an OpenMP team for each thread that computes, and the team ends
  // with its thread.
  const auto first = std::async(std::launch::async, [&] { return LoadFirstModel(config.model); }).get();
  if (!first.ok()) return Fail("can't load the model", first.status(), kFailed);
  if (stop_signal.wait_for(std::chrono::seconds(0)) == std::future_status::timeout) {
    const absl::Status served = (*server)->Serve(first->model);
    if (!served.ok()) return Fail("can't serve the model", served, kFailed);
  }

  const int signal_number = stop_signal.get();
  Log(Severity::kInfo, "stopping", {{"signal", signal_number}});
  (*server)->Stop();
  Log(Severity::kInfo, "stopped");
  return kStopped;
}

// Prints the self-test's table, followed by the log if the test fails. Returns the exit code.
int SelfTest(const ServerConfig& config) {
  std::ostringstream log;
  SetLogStream(&log);
  const absl::StatusOr<bool> passed = RunSelfTest(config.model, /*seconds_per_rate=*/0.7, std::cout);
  SetLogStream(nullptr);
  if (passed.ok() && *passed) return kStopped;
  std::cerr << log.str();
  return passed.ok() ? kFailed : Fail("can't run the self-test", passed.status(), kFailed);
}

int Main(int argc, char** argv) {
  const absl::StatusOr<ServerConfig> config = ParseFlags(argc, argv);
  if (!config.ok()) return Fail("wrong flags", config.status(), kWrongFlags);
  if (const absl::Status status = config->Validate(); !status.ok())
    return Fail("wrong flags", status, kWrongFlags);
  if (config->self_test) return SelfTest(*config);

  // Must exist before any thread, so that no thread receives the signals.
  std::promise<int> stop;
  const ShutdownSignal signal([&stop](int signal_number) { stop.set_value(signal_number); });
  RouteLibraryLogs();
  return Serve(*config, stop.get_future());
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  newsgenre::ReexecWithRuntimeSettings(argv);
  newsgenre::UseBatchScheduling();
  newsgenre::DisableMutexDeadlockDetection();
  return newsgenre::Main(argc, argv);
}
