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
ABSL_FLAG(std::string, texts, "", "CSV or JSON Lines file of news; its texts are sent in turn.");
ABSL_FLAG(int, first, 0, "Index of the first text that is sent.");
ABSL_FLAG(int, count, 0, "How many texts, from --first on; 0 is all of them.");
ABSL_FLAG(
    int, callers, LoadOptions().callers,
    "Closed loop: so many callers, each of which sends its next text when it has the answer to its last.");
ABSL_FLAG(double, rate, LoadOptions().rate, "Open loop: calls a second, at random times (Poisson).");
ABSL_FLAG(double, warmup_seconds, LoadOptions().warmup_seconds, "Not measured, at the beginning.");
ABSL_FLAG(double, seconds, LoadOptions().seconds, "Measured.");
ABSL_FLAG(double, grace_seconds, LoadOptions().grace_seconds,
          "How long to wait at the end for answers; calls without one then are counted as unfinished.");
ABSL_FLAG(uint64_t, seed, LoadOptions().seed, "Of the open loop's arrivals.");

namespace newsgenre {
namespace {

constexpr char kUsage[] =
    "Loads a server with news texts and prints what became of the calls as one JSON object on standard "
    "output.\n"
    "  load_generator --address=HOST:PORT --texts=FILE (--callers=N | --rate=R) [flags]\n"
    "Latencies count from the moment at which a call was due, also where the generator or the server is "
    "behind.";

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
  if (texts.empty()) return absl::InvalidArgumentError("--first is beyond the last text");
  return texts;
}

// The kernel's struct sched_attr, as sched_setattr(2) describes it.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes);
  uint32_t policy = 0;  // SCHED_OTHER
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime_ns = 0;
  uint64_t deadline_ns = 0, period_ns = 0;
};

// Who asks for the core for a short time only gets it soon after waking (Linux 6.12 and newer; older ones
// take no notice): an answer is read when it comes. Holds for threads that are started later, too.
void WakeSoon() {
  SchedulingAttributes attributes;
  attributes.runtime_ns = 100'000;
  syscall(SYS_sched_setattr, /*pid=*/0, &attributes, /*flags=*/0);
}

absl::Status CheckFlags() {
  if ((absl::GetFlag(FLAGS_callers) > 0) == (absl::GetFlag(FLAGS_rate) > 0)) {
    return absl::InvalidArgumentError("one of --callers and --rate must be above 0, and only one");
  }
  if (absl::GetFlag(FLAGS_seconds) <= 0) {
    return absl::InvalidArgumentError("--seconds is " + std::to_string(absl::GetFlag(FLAGS_seconds)) +
                                      "; it must be above 0");
  }
  return absl::OkStatus();
}

absl::Status Run() {
  RETURN_IF_ERROR(CheckFlags());
  ASSIGN_OR_RETURN(const std::vector<std::string> texts, ReadTexts());
  Load load(OptionsFromFlags(texts.size()));
  // Many callers in a closed loop have no set times to keep: they let the server, whichever it is, have the
  // cores first. A single one, or an open loop, reads an answer at once.
  if (absl::GetFlag(FLAGS_callers) > 1) {
    UseBatchScheduling();
  } else {
    WakeSoon();
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<Target> target,
                   MakeTarget({absl::GetFlag(FLAGS_protocol), absl::GetFlag(FLAGS_address)}, texts, &load));
  // Sleeps end when they should, and not up to 50 µs later.
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
