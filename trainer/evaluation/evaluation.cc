#include "trainer/evaluation/evaluation.h"

#include <memory>

#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/device/cpu_threads.h"
#include "common/device/machine.h"
#include "common/inference/classifier.h"
#include "trainer/data/labelled_rows.h"
#include "trainer/run/run_report.h"

namespace newsgenre {
namespace {

std::string KernelNames(const std::vector<KernelChoice>& kernels) {
  std::string names;
  for (const KernelChoice& choice : kernels) {
    names += (names.empty() ? "" : ", ") + choice.linear + ": " + choice.kernel;
  }
  return names;
}

}  // namespace

absl::Status EvaluationConfig::Validate() const {
  if (model_dir.empty()) return absl::InvalidArgumentError("--model_dir is required");
  if (test.empty()) return absl::InvalidArgumentError("--test is required");
  if (max_bad_rows < 0) {
    return absl::InvalidArgumentError("--max_bad_rows is " + std::to_string(max_bad_rows) +
                                      "; it must be 0 or more");
  }
  if (threads < 0 || threads > 1024) {
    return absl::InvalidArgumentError("--threads is " + std::to_string(threads) + "; it must be 0 to 1024");
  }
  return CheckPrecisionName(precision);
}

absl::StatusOr<Report> RunEvaluation(const EvaluationConfig& config, const RunControl& control) {
  const Progress::Clock::time_point start = Progress::Clock::now();
  Report report;
  report.threads = config.threads > 0 ? config.threads : AvailableCpus();
  SetCpuThreads(report.threads);
  if (!config.out.empty()) RETURN_IF_ERROR(MakeFolder(config.out));
  ASSIGN_OR_RETURN(const std::unique_ptr<Classifier> classifier,
                   Classifier::Load(config.model_dir, {config.device, config.precision}));
  const v1::Manifest& manifest = classifier->manifest();
  report.labels.assign(manifest.labels().begin(), manifest.labels().end());
  ASSIGN_OR_RETURN(const LabelledRows rows, ReadLabelledRows(config.test,
                                                             {report.labels, config.max_bad_rows,
                                                              report.threads, &classifier->encoder()},
                                                             control));
  ASSIGN_OR_RETURN(const ClassifiedRows classified, ClassifyRows(*classifier, rows, control));
  ASSIGN_OR_RETURN(const Machine machine, DescribeMachine(classifier->device()));
  report.version = manifest.version();
  report.release = config.model_dir;
  report.device = classifier->device();
  report.precision = std::string(PrecisionName(classifier->precision()));
  report.processor = machine.description;
  report.kernels = KernelNames(classifier->kernels());
  report.vocab_size = classifier->encoder().tokenizer().vocab_size();
  if (manifest.temperature() > 0) report.temperature = manifest.temperature();
  ReportTest(rows, classified, &report);
  report.lengths =
      CountLengths(classified.data.Lengths(), classified.data.truncated, classifier->encoder().max_tokens());
  report.seconds = SecondsSince(start);
  report.cpu_seconds = CpuSeconds();
  if (!config.out.empty()) RETURN_IF_ERROR(WriteReport(config.out, report));
  return report;
}

}  // namespace newsgenre
