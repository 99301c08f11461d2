// Reads one JSON string per line from stdin and writes each string's token ids as a JSON array per line. For
// compare_tokenizer.py and make_tokenizer_golden.py.
//   encode_texts SPIECE_MODEL MAX_TOKENS
//   encode_texts SPIECE_MODEL MAX_TOKENS --config
//     Writes the tokenizer_config.json for MAX_TOKENS instead.
#include <iostream>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/text/tokenizer.h"
#include "nlohmann/json.hpp"

namespace newsgenre {
namespace {

absl::Status EncodeLines(const std::string& model_path, int max_tokens) {
  ASSIGN_OR_RETURN(const std::string model, ReadFile(model_path));
  ASSIGN_OR_RETURN(const Tokenizer tokenizer, Tokenizer::FromBytes(model));
  for (std::string line; std::getline(std::cin, line);) {
    const auto text = nlohmann::json::parse(line).get<std::string>();
    std::cout << nlohmann::json(tokenizer.Encode(text, max_tokens).ids).dump() << '\n';
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace newsgenre

int main(int argc, char** argv) {
  const bool config = argc == 4 && std::string_view(argv[3]) == "--config";
  if (argc != 3 && !config) {
    std::cerr << "usage: encode_texts SPIECE_MODEL MAX_TOKENS [--config]\n";
    return 2;
  }
  const int max_tokens = std::stoi(argv[2]);
  if (config) {
    std::cout << newsgenre::TokenizerConfigJson(max_tokens);
    return 0;
  }
  const absl::Status status = newsgenre::EncodeLines(argv[1], max_tokens);
  if (!status.ok()) {
    std::cerr << status << '\n';
  }
  return status.ok() ? 0 : 1;
}
