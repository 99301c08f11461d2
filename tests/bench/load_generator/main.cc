#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "common/base/flag_checks.h"
#include "common/base/runtime_settings.h"
#include "common/base/scheduling.h"
#include "common/base/status_macros.h"
#include "common/text/clean_text.h"
#include "common/text/news_reader.h"
#include "tests/bench/load_generator/load.h"
#include "tests/bench/load_generator/results.h"
#include "tests/bench/load_generator/target.h"

using newsgenre::LoadOptions;

ABSL_FLAG(std::string, protocol, "newsgenre",
          "newsgenre, triton (KServe v2 over gRPC) or http (POST /predict).");
ABSL_FLAG(std::string, address, "", "HOST:PORT of the server.");
ABSL_FLAG(std::string, texts, "", "CSV or JSON Lines file of news whose texts are sent in turn. Required.");
ABSL_FLAG(int, first, 0, "Index of the first text to send.");
ABSL_FLAG(int, count, 0, "Number of texts to send, from --first on; 0 sends all.");
ABSL_FLAG(int, callers, LoadOptions().callers,
          "Closed loop: number of callers. Each sends its next text after the response to its last one.");
ABSL_FLAG(double, rate, LoadOptions().rate, "Open loop: calls per second, with Poisson arrivals.");
ABSL_FLAG(double, warmup_seconds, LoadOptions().warmup_seconds,
          "Duration of the load before the measurement.");
ABSL_FLAG(double, seconds, LoadOptions().seconds, "Duration of the measurement.");
ABSL_FLAG(double, grace_seconds, LoadOptions().grace_seconds,
          "Wait for the last responses; calls without a response then count as unfinished.");
ABSL_FLAG(uint64_t, seed, LoadOptions().seed, "Seed of the open loop's arrivals.");

namespace newsgenre {
namespace {

constexpr char kUsage[] =
    "Sends news texts to a server and prints statistics of the calls as one JSON object on standard output.\n"
    "  load_generator --address=HOST:PORT --texts=FILE (--callers=N | --rate=R) [flags]\n"
    "A latency starts at the due time of its call, even if the generator or the server is late.";

LoadOptions OptionsFromFlags(size_t texts) {
  LoadOptions options;
  options.callers = absl::GetFlag(FLAGS_callers);
  options.rate = absl::GetFlag(FLAGS_rate);
  options.warmup_seconds = absl::GetFlag(FLAGS_warmup_seconds);
  options.seconds = absl::GetFlag(FLAGS_seconds);
  options.grace_seconds = absl::GetFlag(FLAGS_grace_seconds);
  options.seed = absl::GetFlag(FLAGS_seed);
  options.texts = texts;
  return options;
}

absl::StatusOr<std::vector<std::string>> ReadTexts() {
  NewsFormat format;
  format.labels_required = false;
  ASSIGN_OR_RETURN(const std::vector<NewsRow> rows, ReadNews(absl::GetFlag(FLAGS_texts), format));
  const size_t first = static_cast<size_t>(absl::GetFlag(FLAGS_first));
  const size_t count = static_cast<size_t>(absl::GetFlag(FLAGS_count));
  std::vector<std::string> texts;
  for (size_t i = first; i < rows.size() && (count == 0 || i < first + count); ++i) {
    texts.push_back(JoinTitleAndBody(rows[i].title, rows[i].body));
  }
  if (texts.empty())
    return absl::InvalidArgumentError("--first is " + std::to_string(first) + "; the file has " +
                                      std::to_string(rows.size()) + " texts");
  return texts;
}

// The kernel's struct sched_attr (see sched_setattr(2)).
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = 0;  // SCHED_OTHER
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime_ns = 0;
  uint64_t deadline_ns = 0, period_ns = 0;
};

// Requests short time slices for this thread and the threads that it starts later. Linux 6.12 and newer
// schedule such threads soon after they wake, so that a response is read when it arrives; older kernels
// ignore the request.
void UseShortTimeSlices() {
  SchedulingAttributes attributes;
  attributes.runtime_ns = 100'000;
  syscall(SYS_sched_setattr, /*pid=*/0, &attributes, /*flags=*/0);
}

absl::Status CheckFlags() {
  if ((absl::GetFlag(FLAGS_callers) > 0) == (absl::GetFlag(FLAGS_rate) > 0)) {
    return absl::InvalidArgumentError("exactly one of --callers and --rate must be above 0");
  }
  return CheckPositive("seconds", absl::GetFlag(FLAGS_seconds));
}

absl::Status Run() {
  RETURN_IF_ERROR(CheckFlags());
  ASSIGN_OR_RETURN(const std::vector<std::string> texts, ReadTexts());
  Load load(OptionsFromFlags(texts.size()));
  // Several callers in a closed loop have no schedule to keep, and leave the cores to the server. A single
  // caller or an open loop must read each response at once.
  if (absl::GetFlag(FLAGS_callers) > 1) {
    UseBatchScheduling();
  } else {
    UseShortTimeSlices();
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Target> target,
                   MakeTarget({absl::GetFlag(FLAGS_protocol), absl::GetFlag(FLAGS_address)}, texts, &load));
  // Ends sleeps on time; the default slack is 50 µs.
  prctl(PR_SET_TIMERSLACK, 1);
  load.Run(target.get());
  nlohmann::ordered_json json = ToJson(Measure(load.calls(), load.window()), load.window());
  json["errors"] = load.errors();
  std::cout << json.dump() << std::endl;
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  absl::SetProgramUsageMessage(kUsage);
  absl::ParseCommandLine(argc, argv);
  const absl::Status status = Run();
  if (!status.ok()) std::cerr << "load_generator: " << status.ToString() << std::endl;
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  newsgenre::DisableMutexDeadlockDetection();
  return newsgenre::Main(argc, argv);
}
