#include "server/client/flags.h"

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

using newsgenre::ClientConfig;

ABSL_FLAG(std::string, address, ClientConfig().address, "HOST:PORT of the server.");
ABSL_FLAG(std::string, input, ClientConfig().input,
          "classify: CSV or JSON Lines file to read (.csv, .jsonl, .json, .ndjson).");
ABSL_FLAG(std::string, output, ClientConfig().output,
          "classify --input: JSON Lines file to write; - is standard output.");
ABSL_FLAG(absl::Duration, timeout, absl::FromChrono(ClientConfig().timeout),
          "Time limit of each text, including retries, such as 500ms or 30s.");
ABSL_FLAG(int, concurrency, ClientConfig().concurrency, "Number of concurrent calls, 1 to 1024.");

namespace newsgenre {
namespace {

constexpr char kUsage[] =
    R"(asks a newsgenre server for the genre of news texts.

  newsgenre_client [--address=HOST:PORT] classify TEXT...
      Prints a table with the probability of each genre for each TEXT.

  newsgenre_client [--address=HOST:PORT] classify --input=FILE [--output=FILE]
      Classifies each row of a file and writes one line of JSON per row, in the order of the rows:
        {"label": "World", "probabilities": {"World": 0.98, ...}, "tokens": 54, "truncated": false,
         "model_version": "..."}
      or {"error": "..."} if the row failed. The file is AG News CSV ("class","title","description"; the class can be
      missing or empty) or JSON Lines ({"text": ...} or {"title": ..., "body": ...}, and optionally "label"). The
      accuracy over the rows with a label is printed at the end. The client reads the whole FILE first and sends
      nothing if a row is invalid.

  newsgenre_client [--address=HOST:PORT] model
      Prints the served model's version, labels, limits and recorded metrics.

  If the server is too busy for a text, the client retries with growing pauses until --timeout.
  Exit codes: 0 success; 1 an error, or at least one text failed.)";

// Strips the path of the source tree, which the help would print.
std::string RelativePath(absl::string_view file) {
  const size_t start = file.rfind("server/client/");
  return std::string(start == absl::string_view::npos ? file : file.substr(start));
}

bool IsOurs(absl::string_view file) { return file == "server/client/flags.cc"; }

}  // namespace

ClientConfig ParseClientFlags(int argc, char** argv) {
  absl::SetProgramUsageMessage(kUsage);
  absl::FlagsUsageConfig usage;
  usage.normalize_filename = RelativePath;
  usage.contains_help_flags = IsOurs;  // hides the libraries' flags
  usage.contains_helpshort_flags = IsOurs;
  absl::SetFlagsUsageConfig(usage);
  const std::vector<char*> arguments = absl::ParseCommandLine(argc, argv);

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

}  // namespace newsgenre
