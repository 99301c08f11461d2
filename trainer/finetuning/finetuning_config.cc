#include "trainer/finetuning/finetuning_config.h"

#include "common/base/flag_checks.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/manifest.h"

namespace newsgenre {
namespace {

constexpr int kMinTokens = 3;  // [CLS], one token of text, [SEP]

absl::Status CheckVersion(const std::string& version) {
  if (version.empty() || IsReleaseName(version)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--model_version is '" + version +
      "'; it must be 1 to 100 of A-Z a-z 0-9 . _ -, the first a letter or digit");
}

}  // namespace

absl::Status FinetuningConfig::Validate() const {
  RETURN_IF_ERROR(CheckRequired("train", data.train));
  RETURN_IF_ERROR(data.Validate());
  RETURN_IF_ERROR(CheckVersion(model_version));
  RETURN_IF_ERROR(CheckOneOf("head", classifier.head, {"cls", "pooler"}));
  if (classifier.dropout) RETURN_IF_ERROR(CheckRange("classifier_dropout", *classifier.dropout, 0, 0.99));
  RETURN_IF_ERROR(model.Validate(kMinTokens));
  RETURN_IF_ERROR(optimizer.Validate());
  RETURN_IF_ERROR(CheckRange("token_dropout", token_dropout, 0, 0.99));
  return run.Validate();
}

}  // namespace newsgenre
