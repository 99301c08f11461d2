// Text output for a terminal: tables, bars and a progress line. All strings are UTF-8.
#pragma once

#include <chrono>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "newsgenre/v1/classifier.pb.h"

namespace newsgenre {

// Returns a bar of `fraction` * `width` columns, in steps of an eighth of a column, without padding.
// `fraction` is clamped to [0, 1].
std::string Bar(double fraction, int width);

// Returns the number of columns that the text takes. Every code point counts as one column.
size_t Columns(std::string_view utf8);

// Returns the text, padded with spaces on the right to `columns`.
std::string PadTo(std::string_view utf8, size_t columns);

// Returns the text on one line of at most `columns` columns. Replaces control characters by spaces, and the
// end of a longer text by "…".
std::string Shorten(std::string_view utf8, size_t columns);

// Returns the shortened text, a line with a bar for each label in the model's order with the top label
// marked, and a line with the token count and the model version.
std::string RenderTable(std::string_view text, const v1::ClassifyResponse& response);

// Returns the shortened text and the error of its call.
std::string RenderFailure(std::string_view text, const absl::Status& error);

// Returns the model's version, labels, device, limits and metrics, one per line.
std::string RenderModel(const v1::GetModelResponse& model);

// Returns "[██████▌   ] 4940 of 7600 texts, 812 per second".
std::string RenderProgress(size_t done, size_t total, double seconds);

// A progress line that is redrawn in place, at most ten times a second. Not thread-safe.
class ProgressBar {
 public:
  // `out` must outlive the bar. Draws nothing if `out` is nullptr.
  ProgressBar(std::ostream* out, size_t total) : out_(out), total_(total) {}
  // Ends the line of an incomplete bar.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Counts one more text as done.
  void Advance();

 private:
  using Clock = std::chrono::steady_clock;

  std::ostream* const out_;
  const size_t total_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point next_drawing_ = start_;
  size_t done_ = 0;
};

}  // namespace newsgenre
