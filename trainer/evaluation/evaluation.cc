#include "trainer/evaluation/evaluation.h"

#include <memory>

#include "common/base/file.h"
#include "common/base/flag_checks.h"
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

absl::Status DescribeModel(const Classifier& classifier, Report* report) {
  ASSIGN_OR_RETURN(const Machine machine, DescribeMachine(classifier.device()));
  const v1::Manifest& manifest = classifier.manifest();
  report->version = manifest.version();
  report->labels.assign(manifest.labels().begin(), manifest.labels().end());
  report->device = classifier.device();
  report->precision = std::string(PrecisionName(classifier.precision()));
  report->processor = machine.description;
  report->kernels = KernelNames(classifier.kernels());
  report->vocab_size = classifier.encoder().tokenizer().vocab_size();
  if (manifest.temperature() > 0) report->temperature = manifest.temperature();
  return absl::OkStatus();
}

}  // namespace

absl::Status EvaluationConfig::Validate() const {
  RETURN_IF_ERROR(CheckRequired("model_dir", model_dir));
  RETURN_IF_ERROR(CheckRequired("test", test));
  RETURN_IF_ERROR(CheckRange("max_bad_rows", static_cast<double>(max_bad_rows), 0, kNoLimit));
  RETURN_IF_ERROR(CheckRange("threads", threads, 0, 1024));
  return CheckPrecisionName(precision);
}

absl::StatusOr<Report> RunEvaluation(const EvaluationConfig& config, const RunControl& control) {
  const Progress::Clock::time_point start = Progress::Clock::now();
  Report report;
  report.release = config.model_dir;
  report.threads = config.threads > 0 ? config.threads : AvailableCpus();
  SetCpuThreads(report.threads);
  if (!config.out.empty()) RETURN_IF_ERROR(MakeFolder(config.out));
  ASSIGN_OR_RETURN(const std::unique_ptr<Classifier> classifier,
                   Classifier::Load(config.model_dir, {config.device, config.precision}));
  RETURN_IF_ERROR(DescribeModel(*classifier, &report));
  ReadingOptions reading;
  reading.labels = report.labels;
  reading.max_bad_rows = config.max_bad_rows;
  reading.threads = report.threads;
  reading.encoder = &classifier->encoder();
  ASSIGN_OR_RETURN(const LabelledRows rows, ReadLabelledRows(config.test, reading, control));
  ASSIGN_OR_RETURN(const ClassifiedRows classified, ClassifyRows(*classifier, rows, control));
  ReportTest(rows, classified, &report);
  report.lengths =
      CountLengths(classified.data.Lengths(), classified.data.truncated, classifier->encoder().max_tokens());
  report.seconds = SecondsSince(start);
  report.cpu_seconds = CpuSeconds();
  if (!config.out.empty()) RETURN_IF_ERROR(WriteReport(config.out, report));
  return report;
}

}  // namespace newsgenre
