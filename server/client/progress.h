// How far a file has come.
#pragma once

#include <chrono>
#include <cstddef>
#include <ostream>
#include <string>

namespace newsgenre {

// "[██████▌   ] 4940 of 7600 texts, 812 a second". Pure.
std::string RenderProgress(size_t done, size_t total, double seconds);

// Redraws one line of a terminal, ten times a second at most. Not thread-safe.
class ProgressBar {
 public:
  // `out` outlives the bar; nullptr draws nothing.
  ProgressBar(std::ostream* out, size_t total) : out_(out), total_(total) {}
  // Ends the line of a bar that did not get to its end.
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

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
