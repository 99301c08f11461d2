// newsgenre_client: asks a newsgenre server from the command line.
#include <unistd.h>

#include <iostream>
#include <string>

#include "server/client/classify_file.h"
#include "server/client/classify_texts.h"
#include "server/client/config.h"
#include "server/client/connection.h"
#include "server/client/flags.h"
#include "server/client/terminal.h"

namespace newsgenre {
namespace {

// The usage text in flags.cc documents these.
enum ExitCode { kSuccess = 0, kFailed = 1 };

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
  return summary->failed == 0 ? kSuccess : kFailed;
}

int Run(const ClientConfig& config) {
  if (const absl::Status status = config.Validate(); !status.ok()) return Fail(status);
  const auto connection = Connect(config.address, config.timeout);
  if (!connection.ok()) return Fail(connection.status());
  if (config.command == "model") {
    std::cout << RenderModel(connection->model);
    return kSuccess;
  }
  CallOptions options;
  options.max_in_flight = static_cast<size_t>(config.concurrency);
  options.timeout = config.timeout;
  if (!config.input.empty()) return RunClassifyFile(config, *connection, options);
  return ClassifyTexts(*connection, config.texts, options, &std::cout) == 0 ? kSuccess : kFailed;
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) { return newsgenre::Run(newsgenre::ParseClientFlags(argc, argv)); }
