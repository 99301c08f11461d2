#include "trainer/training_run.h"

#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>

#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/model/cpu_threads.h"
#include "common/model/device.h"
#include "trainer/dataset.h"
#include "trainer/release.h"
#include "trainer/starting_point.h"
#include "trainer/trainer.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;
using Clock = Progress::Clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string UtcTime() {
  const std::time_t now = std::time(nullptr);
  std::tm utc;
  gmtime_r(&now, &utc);
  char text[20];
  std::strftime(text, sizeof(text), "%Y%m%d-%H%M%S", &utc);
  return text;
}

// Finds out before the training, not behind it, that there is no place for the release.
absl::Status PrepareModelDir(const std::string& model_dir, const std::string& version) {
  std::error_code error;
  fs::create_directories(model_dir, error);
  if (error)
    return absl::FailedPreconditionError("can't make the folder " + model_dir + ": " + error.message());
  if (fs::exists(model_dir + "/" + version, error)) {
    return absl::AlreadyExistsError("release " + version + " exists in " + model_dir);
  }
  return TemporaryFolder::Make(model_dir + "/.probe-").status();
}

// What is wrong with the one, the other, or both.
absl::Status Both(const absl::Status& one, const absl::Status& other) {
  if (one.ok() || other.ok()) return one.ok() ? other : one;
  return absl::Status(one.code(), std::string(one.message()) + "\n" + std::string(other.message()));
}

// The rows of --train, and those of --test into `test`. Reports what is wrong with both files at once.
absl::StatusOr<std::vector<NewsRow>> ReadRows(const TrainerConfig& config, TestRows* test) {
  absl::StatusOr<std::vector<NewsRow>> rows = ReadNews(config.train);
  if (config.test.empty()) return rows;
  absl::StatusOr<std::vector<NewsRow>> test_rows = ReadNews(config.test);
  RETURN_IF_ERROR(Both(rows.status(), test_rows.status()));
  *test = {config.test, *std::move(test_rows)};
  return rows;
}

struct Data {
  Dataset training;
  Dataset validation;
  TestRows test;
};

// Reads the files and makes or loads the starting point, whose encoder then encodes every row once.
absl::StatusOr<Checkpoint> Prepare(const TrainerConfig& config, int threads, const std::atomic<bool>& stop,
                                   Progress* progress, Data* data) {
  ASSIGN_OR_RETURN(const std::vector<NewsRow> rows, ReadRows(config, &data->test));
  absl::StatusOr<Split> split =
      SplitRows(static_cast<int64_t>(rows.size()), config.validation_rows, config.seed);
  if (!split.ok()) return AddContext(split.status(), config.train);

  const Clock::time_point start = Clock::now();
  const bool from_nothing = config.init_from.empty();
  std::vector<std::string> texts;
  if (from_nothing) {
    ASSIGN_OR_RETURN(texts, CleanTexts(rows, split->training, threads, stop));
  }
  ASSIGN_OR_RETURN(Checkpoint checkpoint, from_nothing ? StartFromNothing(config, AgNewsLabels(), texts)
                                                       : StartFromCheckpoint(config, AgNewsLabels()));
  progress->Note(from_nothing ? "vocabulary made" : "starting point loaded",
                 {{"pieces", checkpoint.encoder.tokenizer().vocab_size()}, {"seconds", SecondsSince(start)}});

  absl::StatusOr<Dataset> dataset = EncodeRows(rows, checkpoint.encoder, config.train, threads, stop);
  const absl::StatusOr<Dataset> test =
      EncodeRows(data->test.rows, checkpoint.encoder, config.test, threads, stop);
  RETURN_IF_ERROR(Both(dataset.status(), test.status()));
  data->training = dataset->Take(split->training);
  data->validation = dataset->Take(split->validation);
  return checkpoint;
}

// Bytes that are not UTF-8 (of a file's name, say) are replaced.
std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

int64_t CountParameters(const Albert& model) {
  int64_t count = 0;
  for (const auto& [name, tensor] : model.parameters()) count += tensor.numel();
  return count;
}

// The report so far: everything but the release and its test.
Report MakeReport(const TrainerConfig& config, const Data& data, const Checkpoint& checkpoint,
                  const TrainingResult& training) {
  Report report;
  report.labels = AgNewsLabels();
  report.training_rows = data.training.size();
  report.validation_rows = data.validation.size();
  report.parameters = CountParameters(checkpoint.model);
  report.vocab_size = checkpoint.encoder.tokenizer().vocab_size();
  report.epochs = training.epochs;
  report.best = training.best;
  report.recipe = config.recipe;
  return report;
}

absl::StatusOr<Report> Run(const TrainerConfig& config, const std::atomic<bool>& stop, Progress* progress) {
  const Clock::time_point start = Clock::now();
  ASSIGN_OR_RETURN(const c10::Device device, ParseDevice(config.device));
  const int threads = config.threads > 0 ? config.threads : AvailableCpus();
  SetCpuThreads(threads);
  const std::string version = config.model_version.empty() ? UtcTime() : config.model_version;
  RETURN_IF_ERROR(PrepareModelDir(config.model_dir, version));
  progress->Note("device", {{"asked", config.device}, {"taken", device.str()}, {"threads", threads}});

  Data data;
  ASSIGN_OR_RETURN(Checkpoint checkpoint, Prepare(config, threads, stop, progress, &data));
  progress->Note("rows read", {{"training", data.training.size()},
                               {"validation", data.validation.size()},
                               {"test", data.test.rows.size()}});
  checkpoint.model.To(device);
  Trainer trainer(checkpoint.model, config, data.training, data.validation, progress);
  ASSIGN_OR_RETURN(TrainingResult training, trainer.Run(stop));

  Report report = MakeReport(config, data, checkpoint, training);
  report.version = version;
  report.device = device.str();
  report.threads = threads;
  const Albert& model = checkpoint.model;
  ASSIGN_OR_RETURN(checkpoint.model, Albert::FromTensors(model.config(), model.head(), model.labels(),
                                                         std::move(training.weights)));
  checkpoint.manifest.set_version(version);
  checkpoint.manifest.mutable_recipe()->insert(config.recipe.begin(), config.recipe.end());
  AddMetrics("validation", report.epochs[report.best].validation, &checkpoint.manifest);
  ASSIGN_OR_RETURN(const Published published,
                   TestAndPublish(std::move(checkpoint), config.model_dir, device.str(), data.test, stop));
  report.release = published.folder;
  report.test = published.test;
  report.test_skipped = !config.test.empty() && !published.test.has_value();
  report.stopped = training.stopped || report.test_skipped;
  report.seconds = SecondsSince(start);
  RETURN_IF_ERROR(WriteFileAtomic(config.model_dir + "/report.json", Dump(ReportJson(report))));
  return report;
}

}  // namespace

absl::StatusOr<Report> RunTraining(const TrainerConfig& config, const std::atomic<bool>& stop,
                                   Progress* progress) {
  absl::StatusOr<Report> report = absl::UnknownError("not run");
  RETURN_IF_ERROR(CatchTorch([&] {
    report = Run(config, stop, progress);
    return report.status();
  }));
  return report;
}

}  // namespace newsgenre
