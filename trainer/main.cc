#include <unistd.h>

#include <atomic>
#include <iostream>
#include <optional>

#include "common/base/json_log.h"
#include "common/base/shutdown_signal.h"
#include "trainer/flags.h"
#include "trainer/training_run.h"

namespace {

// As the manual in flags.cc says.
enum ExitCode { kDone = 0, kFailed = 1, kWrongInput = 2, kStoppedAndPublished = 3, kStoppedWithNothing = 4 };

int Fail(const absl::Status& status) {
  std::cerr << "newsgenre_trainer: " << std::string(status.message()) << std::endl;
  return absl::IsInvalidArgument(status) ? kWrongInput : kFailed;
}

void Print(const newsgenre::Report& report) {
  std::cout << newsgenre::EpochTable(report.epochs, report.best);
  std::cout << "validation: " << newsgenre::Summary(report.epochs[report.best].validation) << "\n";
  if (report.test.has_value()) std::cout << "test: " << newsgenre::Summary(*report.test) << "\n";
  std::cout << "published: " << report.release << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  const absl::StatusOr<newsgenre::TrainerConfig> config = newsgenre::ParseFlags(argc, argv);
  if (!config.ok()) return Fail(config.status());
  if (const absl::Status status = config->Validate(); !status.ok()) return Fail(status);

  std::atomic<bool> stop{false};
  const newsgenre::ShutdownSignal signal([&stop](int signal_number) {
    newsgenre::Log(newsgenre::Severity::kInfo, "stopping after this step", {{"signal", signal_number}});
    stop = true;
  });
  newsgenre::Progress progress(isatty(STDERR_FILENO) != 0 ? &std::cerr : nullptr);
  const absl::StatusOr<std::optional<newsgenre::Report>> report =
      newsgenre::RunTraining(*config, stop, &progress);
  if (!report.ok()) return Fail(report.status());
  if (!report->has_value()) {
    std::cerr << "newsgenre_trainer: stopped before an epoch was validated; nothing is published"
              << std::endl;
    return kStoppedWithNothing;
  }
  Print(**report);
  return (*report)->stopped ? kStoppedAndPublished : kDone;
}
