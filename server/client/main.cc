// newsgenre_client: asks a newsgenre server from the command line.
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/time/time.h"
#include "server/client/classify_file.h"
#include "server/client/classify_texts.h"
#include "server/client/config.h"
#include "server/client/connection.h"
#include "server/client/table.h"

ABSL_FLAG(std::string, address, newsgenre::ClientConfig().address, "where the server listens, HOST:PORT");
ABSL_FLAG(std::string, input, "",
          "classify: the file to read; its name ends in .csv, .jsonl, .json or .ndjson");
ABSL_FLAG(std::string, output, newsgenre::ClientConfig().output,
          "classify --input: the JSON Lines file to write, - for standard output");
ABSL_FLAG(absl::Duration, timeout, absl::FromChrono(newsgenre::ClientConfig().timeout),
          "how long one text may take, retries included, such as 500ms or 30s");
ABSL_FLAG(int, concurrency, newsgenre::ClientConfig().concurrency, "calls at a time, 1 to 1024");

namespace newsgenre {
namespace {

constexpr int kFailed = 1;

constexpr char kManual[] =
    R"(asks a newsgenre server which genre a news text has.

  newsgenre_client [--address=HOST:PORT] classify TEXT...
      Prints a table with the probability of every genre for each TEXT.

  newsgenre_client [--address=HOST:PORT] classify --input=FILE [--output=FILE]
      Sends every row of a file and writes one line of JSON for each, in the rows' order:
        {"label": "World", "probabilities": {"World": 0.98, ...}, "tokens": 54, "truncated": false,
         "model_version": "..."}
      or {"error": "..."} for a row that failed. The file is CSV as AG News publishes it ("class","title",
      "description"; the class may be missing or empty) or JSON Lines ({"text": ...} or {"title": ..., "body": ...},
      "label" may be there). Where rows have labels, the accuracy is printed at the end. The whole FILE is read
      into memory first, so that a bad row is found before anything is sent.

  newsgenre_client [--address=HOST:PORT] model
      Prints which model serves, its labels, limits and recorded metrics.

  A text that the server is too busy for is sent again, with growing pauses, until --timeout is over.
  Exit status: 0 all went well, 1 something was wrong or at least one text failed.)";

ClientConfig ConfigFromFlags(const std::vector<char*>& arguments) {
  ClientConfig config;
  config.address = absl::GetFlag(FLAGS_address);
  config.input = absl::GetFlag(FLAGS_input);
  config.output = absl::GetFlag(FLAGS_output);
  config.timeout = absl::ToChronoMilliseconds(absl::GetFlag(FLAGS_timeout));
  config.concurrency = absl::GetFlag(FLAGS_concurrency);
  if (arguments.size() > 1) {
    config.command = arguments[1];
    config.texts.assign(arguments.begin() + 2, arguments.end());
  }
  return config;
}

int Fail(const absl::Status& error) {
  std::cerr << "newsgenre_client: " << std::string(error.message()) << "\n";
  return kFailed;
}

int RunClassifyFile(const ClientConfig& config, const Connection& connection, const CallOptions& options) {
  const auto rows = ReadRows(config.input, connection.model);
  if (!rows.ok()) return Fail(rows.status());
  std::ostream* progress = isatty(STDERR_FILENO) ? &std::cerr : nullptr;
  const auto summary = ClassifyFile(connection, *rows, options, config.output, progress);
  if (!summary.ok()) return Fail(summary.status());
  std::ostream& report = config.output == "-" ? std::cerr : std::cout;
  report << summary->texts << " texts sent, " << summary->failed << " failed\n";
  if (summary->accuracy.total() > 0) report << summary->accuracy.Summary() << "\n";
  return summary->failed == 0 ? 0 : kFailed;
}

int Run(const ClientConfig& config) {
  if (const absl::Status status = config.Validate(); !status.ok()) return Fail(status);
  const auto connection = Connect(config.address, config.timeout);
  if (!connection.ok()) return Fail(connection.status());
  if (config.command == "model") {
    std::cout << RenderModel(connection->model);
    return 0;
  }
  CallOptions options;
  options.max_in_flight = static_cast<size_t>(config.concurrency);
  options.timeout = config.timeout;
  if (!config.input.empty()) return RunClassifyFile(config, *connection, options);
  return ClassifyTexts(*connection, config.texts, options, &std::cout) == 0 ? 0 : kFailed;
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage(newsgenre::kManual);
  absl::FlagsUsageConfig usage;
  // --help shows this program's flags and none of the libraries'.
  usage.contains_help_flags = [](absl::string_view file) { return file == "server/client/main.cc"; };
  usage.contains_helpshort_flags = usage.contains_help_flags;
  usage.normalize_filename = [](absl::string_view file) {
    const size_t start = file.rfind("server/client/");
    return std::string(start == absl::string_view::npos ? file : file.substr(start));
  };
  absl::SetFlagsUsageConfig(usage);
  return newsgenre::Run(newsgenre::ConfigFromFlags(absl::ParseCommandLine(argc, argv)));
}
