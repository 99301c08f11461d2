#include "server/client/bar.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace newsgenre {
namespace {

bool StartsCodePoint(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

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

}  // namespace newsgenre
