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
          "HOST:PORT to serve gRPC on; port 0 takes a free port.");
ABSL_FLAG(std::string, metrics_address, ServerConfig().metrics_address,
          "HOST:PORT to serve Prometheus metrics on, at /metrics; port 0 takes a free port.");

// Model
ABSL_FLAG(std::string, model_dir, ServerConfig().model.model_dir,
          "A model folder with CURRENT, one release, or a plain Hugging Face folder of "
          "AlbertForSequenceClassification. Required.");
ABSL_FLAG(std::string, device, ServerConfig().model.device,
          "The device that runs the model: auto (the first GPU, or the CPU without one), cpu or cuda:N.");
ABSL_FLAG(
    std::string, precision, ServerConfig().model.precision,
    "The precision that the model computes in: auto (bf16 if the hardware supports it, otherwise fp32), "
    "fp32, bf16, fp16 (GPU only) or int8 (CPU only). If its results on the model's check texts deviate "
    "too much, the server logs that and falls back to fp32.");
ABSL_FLAG(bool, self_test, ServerConfig().self_test,
          "Serves nothing. Compares every execution path of this machine (on the CPU, and on --device or the "
          "first GPU) with the plain one, measures its speed, and prints a table. Exits with 0, or with 1 if "
          "a path is wrong.");

// Limits
ABSL_FLAG(int64_t, max_text_bytes, ServerConfig().limits.max_text_bytes,
          "The largest text, or title and body together, in bytes; longer ones get INVALID_ARGUMENT.");
ABSL_FLAG(int, max_batch_texts, ServerConfig().limits.max_batch_texts,
          "The most texts in a BatchClassify call; calls with more get INVALID_ARGUMENT.");
ABSL_FLAG(int, max_queue_texts, ServerConfig().max_queue_texts,
          "The most texts that wait for the model; calls that exceed it get RESOURCE_EXHAUSTED. A longer "
          "queue absorbs longer bursts, but its last texts wait longer.");

// Threads and time
ABSL_FLAG(int, workers, ServerConfig().model.workers,
          "Threads that run the model, each on its own batch. 0 chooses: one on a GPU; on the CPU as many as "
          "the model's share of the work keeps busy, measured at start.");
ABSL_FLAG(int, threads_per_worker, ServerConfig().model.threads_per_worker,
          "CPU threads of each worker. 0 chooses as many as make a small batch clearly faster, measured at "
          "start.");
ABSL_FLAG(int, drain_seconds, ServerConfig().drain_seconds,
          "Seconds that running calls have to finish after SIGTERM or SIGINT before they are cancelled.");

namespace newsgenre {
namespace {

constexpr char kUsage[] =
    "Classifies news texts by genre: newsgenre.v1.ClassifierService, health and reflection over gRPC, "
    "metrics over HTTP.\n"
    "  newsgenre_server --model_dir=DIR [--address=HOST:PORT] [flags]\n"
    "  newsgenre_server --model_dir=DIR --self_test [--device=DEVICE]\n"
    "Logs are JSON, one object per line, on standard error. The line with the message \"serving\" has the "
    "ports.\n"
    "SIGTERM or SIGINT stops the server: health reports NOT_SERVING, running calls finish.\n"
    "Exit codes: 0 stopped by a signal, or the self-test passed; 1 can't listen, can't load the model, can't "
    "parse a flag, or the self-test failed; 2 a flag has a bad value.";

bool DefinesOurFlags(absl::string_view filename) { return absl::EndsWith(filename, "server/flags.cc"); }

}  // namespace

absl::StatusOr<ServerConfig> ParseFlags(int argc, char** argv) {
  absl::SetProgramUsageMessage(kUsage);
  absl::FlagsUsageConfig usage;
  usage.contains_help_flags = DefinesOurFlags;
  usage.contains_helpshort_flags = DefinesOurFlags;
  usage.version_string = [] { return std::string("newsgenre_server " NEWSGENRE_VERSION "\n"); };
  absl::SetFlagsUsageConfig(usage);
  const std::vector<char*> words = absl::ParseCommandLine(argc, argv);
  if (words.size() > 1)
    return absl::InvalidArgumentError("'" + std::string(words[1]) + "' is not a flag; see --help");

  ServerConfig config;
  config.address = absl::GetFlag(FLAGS_address);
  config.metrics_address = absl::GetFlag(FLAGS_metrics_address);
  config.model.model_dir = absl::GetFlag(FLAGS_model_dir);
  config.model.device = absl::GetFlag(FLAGS_device);
  config.model.precision = absl::GetFlag(FLAGS_precision);
  config.self_test = absl::GetFlag(FLAGS_self_test);
  config.limits.max_text_bytes = absl::GetFlag(FLAGS_max_text_bytes);
  config.limits.max_batch_texts = absl::GetFlag(FLAGS_max_batch_texts);
  config.max_queue_texts = absl::GetFlag(FLAGS_max_queue_texts);
  config.model.workers = absl::GetFlag(FLAGS_workers);
  config.model.threads_per_worker = absl::GetFlag(FLAGS_threads_per_worker);
  config.drain_seconds = absl::GetFlag(FLAGS_drain_seconds);
  return config;
}

}  // namespace newsgenre
