#include "server/flags.h"

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/match.h"

using newsgenre::ServerConfig;

// Network
ABSL_FLAG(std::string, address, ServerConfig().address,
          "HOST:PORT to serve gRPC on; port 0 takes a free one.");
ABSL_FLAG(std::string, metrics_address, ServerConfig().metrics_address,
          "HOST:PORT to serve Prometheus's /metrics on; port 0 takes a free one.");

// Model
ABSL_FLAG(std::string, model_dir, "",
          "A model folder with CURRENT, one release, or a plain Hugging Face folder of "
          "AlbertForSequenceClassification. Required.");
ABSL_FLAG(std::string, device, ServerConfig().device, "auto (the first GPU, else the CPU), cpu or cuda:N.");
ABSL_FLAG(
    std::string, precision, ServerConfig().precision,
    "What the model computes in: auto (bf16 where the device has it in hardware, else fp32), fp32, bf16, "
    "fp16 (GPU), int8 (CPU). A release whose check texts drift falls back to fp32, which the log says.");

ABSL_FLAG(
    bool, self_test, ServerConfig().self_test,
    "Serves nothing: holds every way through the model that this machine has (the CPU, and --device or the "
    "first GPU) against the plain one, takes the rates, prints a table and exits with 0, or with 1 where one "
    "is wrong.");

// Limits
ABSL_FLAG(int64_t, max_text_bytes, ServerConfig().max_text_bytes,
          "Bytes of a text, or of title and body together; a longer one gets INVALID_ARGUMENT.");
ABSL_FLAG(int, max_batch_texts, ServerConfig().max_batch_texts,
          "Texts of a BatchClassify call; one with more gets INVALID_ARGUMENT.");
ABSL_FLAG(int, max_queue_texts, ServerConfig().max_queue_texts,
          "Texts that may wait for the model; a call that finds no room gets RESOURCE_EXHAUSTED. More "
          "absorbs longer "
          "bursts, and makes the last in the queue wait longer.");

// Threads and time
ABSL_FLAG(
    int, workers, ServerConfig().workers,
    "Threads that run the model, each on a batch of its own; 0 takes as many as the model's part of the "
    "work keeps busy, measured at load, and one on a GPU.");
ABSL_FLAG(int, threads_per_worker, ServerConfig().threads_per_worker,
          "CPU threads for each worker; 0 measures at load how many are worth their CPUs.");
ABSL_FLAG(
    int, drain_seconds, ServerConfig().drain_seconds,
    "Seconds that calls under way may take to finish after SIGTERM or SIGINT, before they are cancelled.");

namespace newsgenre {
namespace {

constexpr char kUsage[] =
    "Classifies news texts by genre: newsgenre.v1.ClassifierService, health and reflection over gRPC, "
    "metrics over HTTP.\n"
    "  newsgenre_server --model_dir=DIR [--address=HOST:PORT] [flags]\n"
    "  newsgenre_server --model_dir=DIR --self_test [--device=DEVICE]\n"
    "Logs are JSON, one object a line, on standard error; the line with the message \"serving\" tells the "
    "ports.\n"
    "SIGTERM or SIGINT stops it: health says NOT_SERVING, calls under way finish.\n"
    "Exit codes: 0 stopped by a signal, or the self-test passed; 1 can't listen, can't load the model, can't "
    "read a flag, or the self-test failed; 2 a flag's value is refused.";

bool IsOurs(absl::string_view filename) { return absl::EndsWith(filename, "server/flags.cc"); }

}  // namespace

absl::StatusOr<ServerConfig> ParseFlags(int argc, char** argv) {
  absl::SetProgramUsageMessage(kUsage);
  absl::FlagsUsageConfig usage;
  usage.contains_help_flags = IsOurs;
  usage.contains_helpshort_flags = IsOurs;
  usage.version_string = [] { return std::string("newsgenre_server " NEWSGENRE_VERSION "\n"); };
  absl::SetFlagsUsageConfig(usage);
  const std::vector<char*> words = absl::ParseCommandLine(argc, argv);
  if (words.size() > 1)
    return absl::InvalidArgumentError("'" + std::string(words[1]) + "' is not a flag; see --help");

  ServerConfig config;
  config.address = absl::GetFlag(FLAGS_address);
  config.metrics_address = absl::GetFlag(FLAGS_metrics_address);
  config.model_dir = absl::GetFlag(FLAGS_model_dir);
  config.device = absl::GetFlag(FLAGS_device);
  config.precision = absl::GetFlag(FLAGS_precision);
  config.self_test = absl::GetFlag(FLAGS_self_test);
  config.max_text_bytes = absl::GetFlag(FLAGS_max_text_bytes);
  config.max_batch_texts = absl::GetFlag(FLAGS_max_batch_texts);
  config.max_queue_texts = absl::GetFlag(FLAGS_max_queue_texts);
  config.workers = absl::GetFlag(FLAGS_workers);
  config.threads_per_worker = absl::GetFlag(FLAGS_threads_per_worker);
  config.drain_seconds = absl::GetFlag(FLAGS_drain_seconds);
  return config;
}

}  // namespace newsgenre
