#include "server/client/table.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "server/client/bar.h"

namespace newsgenre {
namespace {

constexpr size_t kTextColumns = 76;
constexpr int kBarColumns = 40;

std::string Percent(double fraction) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%5.1f %%", fraction * 100);
  return buffer;
}

std::string Heading(std::string_view text) { return "\"" + Shorten(text, kTextColumns) + "\"\n"; }

std::string Number(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%.4g", value);
  return buffer;
}

}  // namespace

std::string RenderTable(std::string_view text, const v1::ClassifyResponse& response) {
  size_t widest = 0;
  for (const auto& entry : response.probabilities()) widest = std::max(widest, Columns(entry.label()));
  std::string table = Heading(text);
  for (const auto& entry : response.probabilities()) {
    const bool top = entry.label() == response.label();
    const std::string bar = Bar(entry.probability(), kBarColumns);
    table += top ? "→ " : "  ";
    table += PadTo(entry.label(), widest) + "  " + Percent(entry.probability());
    table += (bar.empty() ? "" : "  ") + bar + "\n";
  }
  table += "  " + std::to_string(response.token_count()) + " tokens";
  if (response.truncated()) table += " (the text is longer; its end was not read)";
  return table + ", model " + response.model_version() + "\n";
}

std::string RenderFailure(std::string_view text, const absl::Status& error) {
  return Heading(text) + "  " + error.ToString() + "\n";
}

std::string RenderModel(const v1::GetModelResponse& model) {
  std::string labels;
  for (const std::string& label : model.labels()) labels += (labels.empty() ? "" : ", ") + label;
  const v1::Limits& limits = model.limits();
  std::string text = "version    " + model.version() + "\n";
  text += "labels     " + labels + "\n";
  text += "runs on    " + model.device() + ", " + model.precision() + "\n";
  text += "limits     " + std::to_string(limits.max_text_bytes()) + " bytes a text, " +
          std::to_string(limits.max_tokens()) + " tokens read of it, " +
          std::to_string(limits.max_batch_texts()) + " texts a batch\n";
  const std::map<std::string, double> metrics(model.metrics().begin(), model.metrics().end());
  for (const auto& [name, value] : metrics) text += "metric     " + name + " " + Number(value) + "\n";
  return text;
}

}  // namespace newsgenre
