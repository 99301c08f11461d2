#include "server/client/terminal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

namespace newsgenre {
namespace {

constexpr size_t kTextColumns = 76;
constexpr int kLabelBarColumns = 40;
constexpr int kProgressBarColumns = 30;
constexpr std::chrono::milliseconds kRedrawInterval{100};

bool StartsCodePoint(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

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

std::string Bar(double fraction, int width) {
  static constexpr std::array<const char*, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const int eighths = static_cast<int>(std::lround(std::clamp(fraction, 0.0, 1.0) * width * 8));
  std::string bar;
  for (int i = 0; i < eighths / 8; ++i) bar += "█";
  return bar + kEighths[eighths % 8];
}

size_t Columns(std::string_view utf8) { return std::count_if(utf8.begin(), utf8.end(), StartsCodePoint); }

std::string PadTo(std::string_view utf8, size_t columns) {
  std::string padded(utf8);
  const size_t used = Columns(utf8);
  if (used < columns) padded.append(columns - used, ' ');
  return padded;
}

std::string Shorten(std::string_view utf8, size_t columns) {
  const bool whole = Columns(utf8) <= columns;
  const size_t kept = whole ? columns : columns - 1;
  std::string line;
  size_t taken = 0;
  for (const char byte : utf8) {
    if (StartsCodePoint(byte) && ++taken > kept) break;
    const bool control = static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F;
    line += control ? ' ' : byte;
  }
  return whole ? line : line + "…";
}

std::string RenderTable(std::string_view text, const v1::ClassifyResponse& response) {
  size_t widest = 0;
  for (const auto& entry : response.probabilities()) widest = std::max(widest, Columns(entry.label()));
  std::string table = Heading(text);
  for (const auto& entry : response.probabilities()) {
    const bool top = entry.label() == response.label();
    const std::string bar = Bar(entry.probability(), kLabelBarColumns);
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
  text += "limits     " + std::to_string(limits.max_text_bytes()) + " bytes per text, " +
          std::to_string(limits.max_tokens()) + " tokens read of each, " +
          std::to_string(limits.max_batch_texts()) + " texts per batch\n";
  const std::map<std::string, double> metrics(model.metrics().begin(), model.metrics().end());
  for (const auto& [name, value] : metrics) text += "metric     " + name + " " + Number(value) + "\n";
  return text;
}

std::string RenderProgress(size_t done, size_t total, double seconds) {
  const double fraction = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  std::string line = "[" + PadTo(Bar(fraction, kProgressBarColumns), kProgressBarColumns) + "] " +
                     std::to_string(done) + " of " + std::to_string(total) + " texts";
  if (seconds > 0)
    line += ", " + std::to_string(std::lround(static_cast<double>(done) / seconds)) + " per second";
  return line;
}

ProgressBar::~ProgressBar() {
  if (out_ != nullptr && done_ > 0 && done_ < total_) *out_ << "\n" << std::flush;
}

void ProgressBar::Advance() {
  ++done_;
  if (out_ == nullptr) return;
  const Clock::time_point now = Clock::now();
  if (done_ < total_ && now < next_drawing_) return;
  next_drawing_ = now + kRedrawInterval;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  // EL (ECMA-48) erases the rest of the line: the new text can be shorter than the old one.
  *out_ << "\r" << RenderProgress(done_, total_, seconds) << "\x1b[K" << (done_ == total_ ? "\n" : "")
        << std::flush;
}

}  // namespace newsgenre
