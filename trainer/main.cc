#include <unistd.h>

#include <atomic>
#include <iostream>
#include <string>
#include <variant>

#include "common/base/runtime_settings.h"
#include "common/base/shutdown_signal.h"
#include "trainer/command_line.h"
#include "trainer/finetuning/finetuning_run.h"
#include "trainer/pretraining/pretraining_run.h"

namespace newsgenre {
namespace {

// Documented in command_line.cc.
enum ExitCode { kDone = 0, kFailed = 1, kWrongInput = 2, kStopped = 3 };

void Print(const Report& report) {
  if (!report.epochs.empty()) std::cout << EpochTable(report.epochs, report.best);
  const std::vector<NamedMetrics> all = MetricsOf(report);
  for (auto metrics = all.rbegin(); metrics != all.rend(); ++metrics) {
    std::cout << metrics->name << ": " << Summary(*metrics->metrics) << "\n";
  }
}

absl::Status Run(const FinetuningConfig& config, const RunControl& control) {
  const absl::StatusOr<Report> report = RunFinetuning(config, control);
  if (!report.ok()) return report.status();
  Print(*report);
  std::cout << "published: " << report->release << "\nreport: " << config.run.model_dir << "/report.html"
            << std::endl;
  return absl::OkStatus();
}

absl::Status Run(const PretrainingConfig& config, const RunControl& control) {
  const absl::StatusOr<Report> report = RunPretraining(config, control);
  if (!report.ok()) return report.status();
  std::cout << "held out: " << Summary(*report->held_out) << "\nwrote: " << report->release
            << ", for --init_from\nreport: " << report->release << "/report.html" << std::endl;
  return absl::OkStatus();
}

absl::Status Run(const EvaluationConfig& config, const RunControl& control) {
  const absl::StatusOr<Report> report = RunEvaluation(config, control);
  if (!report.ok()) return report.status();
  Print(*report);
  if (!config.out.empty()) std::cout << "report: " << config.out << "/report.html" << std::endl;
  return absl::OkStatus();
}

// An import takes seconds, so a signal doesn't stop it.
absl::Status Run(const ImportConfig& config, const RunControl& /*control*/) {
  const absl::StatusOr<ImportSummary> summary = ImportCheckpoint(config);
  if (!summary.ok()) return summary.status();
  std::cout << ImportText(*summary) << std::endl;
  return absl::OkStatus();
}

absl::Status ParseAndRun(int argc, char** argv, const RunControl& control) {
  const absl::StatusOr<Command> command = ParseCommandLine(argc, argv);
  if (!command.ok()) return command.status();
  const absl::Status status = std::visit(
      [&](const auto& config) {
        const absl::Status valid = config.Validate();
        return valid.ok() ? Run(config, control) : valid;
      },
      *command);
  if (absl::IsCancelled(status)) {
    const bool can_resume = std::holds_alternative<FinetuningConfig>(*command) ||
                            std::holds_alternative<PretrainingConfig>(*command);
    control.progress->Log(can_resume ? "stopped; the same command with --resume continues" : "stopped");
  }
  return status;
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  newsgenre::ReexecWithRuntimeSettings(argv, newsgenre::FreedMemory::kKept);
  newsgenre::Progress progress(isatty(STDERR_FILENO) != 0 ? &std::cerr : nullptr);
  std::atomic<bool> stop{false};
  const newsgenre::ShutdownSignal signal([&](int signal_number) {
    // Logged before `stop` takes effect, so that the log is in order.
    progress.Log("stopping; a second signal ends the program at once", {{"signal", signal_number}});
    stop = true;
  });
  const absl::Status status = newsgenre::ParseAndRun(argc, argv, {stop, &progress});
  if (status.ok()) return newsgenre::kDone;
  if (absl::IsCancelled(status)) return newsgenre::kStopped;
  progress.Error(std::string(status.message()));
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ? newsgenre::kWrongInput
                                                                     : newsgenre::kFailed;
}
