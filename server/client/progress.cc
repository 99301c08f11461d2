#include "server/client/progress.h"

#include <cmath>

#include "server/client/bar.h"

namespace newsgenre {
namespace {

constexpr int kBarColumns = 30;
constexpr std::chrono::milliseconds kRedrawInterval{100};

}  // namespace

std::string RenderProgress(size_t done, size_t total, double seconds) {
  const double fraction = total == 0 ? 1.0 : static_cast<double>(done) / static_cast<double>(total);
  std::string line = "[" + PadTo(Bar(fraction, kBarColumns), kBarColumns) + "] " + std::to_string(done) +
                     " of " + std::to_string(total) + " texts";
  if (seconds > 0)
    line += ", " + std::to_string(std::lround(static_cast<double>(done) / seconds)) + " a second";
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
  // Erase to the end of the line (ECMA-48, EL): the new one may be shorter.
  *out_ << "\r" << RenderProgress(done_, total_, seconds) << "\x1b[K" << (done_ == total_ ? "\n" : "")
        << std::flush;
}

}  // namespace newsgenre
