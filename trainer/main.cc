#include <unistd.h>

#include <atomic>
#include <iostream>
#include <string>
#include <variant>

#include "common/base/runtime_settings.h"
#include "common/base/shutdown_signal.h"
#include "trainer/command_line.h"
#include "trainer/finetuning/training_run.h"
#include "trainer/pretraining/pretraining_run.h"

namespace newsgenre {
namespace {

// As the manual in command_line.cc says.
enum ExitCode { kDone = 0, kFailed = 1, kWrongInput = 2, kStopped = 3 };

void Print(const Report& report) {
  if (!report.epochs.empty()) std::cout << EpochTable(report.epochs, report.best);
  const std::vector<NamedMetrics> all = MetricsOf(report);
  for (auto metrics = all.rbegin(); metrics != all.rend(); ++metrics) {
    std::cout << metrics->name << ": " << Summary(*metrics->metrics) << "\n";
  }
}

// Each does what its config says.
absl::Status Run(const TrainerConfig& config, const RunControl& control) {
  const absl::StatusOr<Report> report = RunTraining(config, control);
  if (!report.ok()) return report.status();
  Print(*report);
  std::cout << "published: " << report->release << "\nreport: " << config.model_dir << "/report.html"
            << std::endl;
  return absl::OkStatus();
}

absl::Status Run(const PretrainingConfig& config, const RunControl& control) {
  const absl::StatusOr<Report> report = RunPretraining(config, control);
  if (!report.ok()) return report.status();
  std::cout << "held out: " << Summary(*report->held_out) << "\nmade: " << report->release
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

// An import is over in seconds: a signal doesn't stop it.
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
    const bool can_resume = std::holds_alternative<TrainerConfig>(*command) ||
                            std::holds_alternative<PretrainingConfig>(*command);
    control.progress->Log(can_resume ? "stopped; the same command with --resume goes on" : "stopped");
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
    // The log has this before what the stop brings.
    progress.Log("asked to stop; a second signal ends it at once", {{"signal", signal_number}});
    stop = true;
  });
  const absl::Status status = newsgenre::ParseAndRun(argc, argv, {stop, &progress});
  if (status.ok()) return newsgenre::kDone;
  if (absl::IsCancelled(status)) return newsgenre::kStopped;
  progress.Error(std::string(status.message()));
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) ? newsgenre::kWrongInput
                                                                     : newsgenre::kFailed;
}
