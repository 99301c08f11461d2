#include <unistd.h>

#include <atomic>
#include <iostream>
#include <string>

#include "common/base/libraries_settings.h"
#include "common/base/shutdown_signal.h"
#include "trainer/flags.h"
#include "trainer/training_run.h"

namespace {

// As the manual in flags.cc says.
enum ExitCode { kDone = 0, kFailed = 1, kWrongInput = 2, kStoppedAndPublished = 3, kStoppedWithNothing = 4 };

int Fail(const absl::Status& status, newsgenre::Progress* progress) {
  progress->Error(std::string(status.message()));
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ? kWrongInput : kFailed;
}

void Print(const newsgenre::Report& report) {
  std::cout << newsgenre::EpochTable(report.epochs, report.best);
  std::cout << "validation: " << newsgenre::Summary(report.epochs[report.best].validation) << "\n";
  if (report.test.has_value()) std::cout << "test: " << newsgenre::Summary(*report.test) << "\n";
  if (report.test_skipped) std::cout << "test: skipped, stopped by a signal\n";
  std::cout << "published: " << report.release << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  newsgenre::SetLibrariesSettings(argv);
  newsgenre::Progress progress(isatty(STDERR_FILENO) != 0 ? &std::cerr : nullptr);
  const absl::StatusOr<newsgenre::TrainerConfig> config = newsgenre::ParseFlags(argc, argv);
  if (!config.ok()) return Fail(config.status(), &progress);
  if (const absl::Status status = config->Validate(); !status.ok()) return Fail(status, &progress);

  std::atomic<bool> stop{false};
  const newsgenre::ShutdownSignal signal([&](int signal_number) {
    stop = true;
    progress.Note("stopping; a second signal ends it at once", {{"signal", signal_number}});
  });
  const absl::StatusOr<newsgenre::Report> report = newsgenre::RunTraining(*config, stop, &progress);
  if (absl::IsCancelled(report.status())) {
    progress.Note("stopped before an epoch was validated; nothing is published");
    return kStoppedWithNothing;
  }
  if (!report.ok()) return Fail(report.status(), &progress);
  Print(*report);
  return report->stopped ? kStoppedAndPublished : kDone;
}
