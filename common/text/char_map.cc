#include "common/text/char_map.h"

#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/text/utf8.h"

namespace newsgenre {
namespace {

// Fields of a trie unit, as in Darts-clone's darts.h: the offset of its children, the byte that leads to it,
// and whether it has a value. The unit at a node's offset holds the value.
uint32_t Offset(uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); }
uint32_t Label(uint32_t unit) { return unit & ((1u << 31) | 0xff); }
bool HasValue(uint32_t unit) { return ((unit >> 8) & 1) != 0; }
uint32_t Value(uint32_t unit) { return unit & ((1u << 31) - 1); }

uint32_t ReadLittleEndian(std::string_view bytes, size_t position) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) {
    value |= uint32_t{static_cast<unsigned char>(bytes[position + i])} << (8 * i);
  }
  return value;
}

}  // namespace

absl::StatusOr<CharMap> CharMap::FromBytes(std::string_view charsmap) {
  CharMap map;
  if (charsmap.empty()) {
    return map;
  }
  constexpr size_t kUnit = sizeof(uint32_t);
  const size_t trie_bytes = charsmap.size() < kUnit ? 0 : ReadLittleEndian(charsmap, 0);
  if (trie_bytes == 0 || trie_bytes % kUnit != 0 || trie_bytes > charsmap.size() - kUnit) {
    return absl::InvalidArgumentError(
        absl::StrCat("the charsmap of ", charsmap.size(), " bytes declares a trie of ", trie_bytes));
  }
  map.trie_.reserve(trie_bytes / kUnit);
  for (size_t i = 0; i < trie_bytes / kUnit; ++i) {
    map.trie_.push_back(ReadLittleEndian(charsmap, (i + 1) * kUnit));
  }
  map.replacements_ = charsmap.substr(kUnit + trie_bytes);
  if (!IsValidUtf8(map.replacements_)) {
    return absl::InvalidArgumentError("the charsmap has replacements that are not valid UTF-8");
  }
  return map;
}

std::optional<std::string_view> CharMap::Find(std::string_view character) const {
  if (trie_.empty()) {
    return std::nullopt;
  }
  size_t node = Offset(trie_[0]);
  uint32_t unit = 0;
  for (const char c : character) {
    const auto byte = static_cast<unsigned char>(c);
    node ^= byte;
    if (byte == 0 || node >= trie_.size() || Label(unit = trie_[node]) != byte) {
      return std::nullopt;
    }
    node ^= Offset(unit);
  }
  if (character.empty() || !HasValue(unit) || node >= trie_.size() ||
      Value(trie_[node]) > replacements_.size()) {
    return std::nullopt;
  }
  const std::string_view rest = std::string_view(replacements_).substr(Value(trie_[node]));
  return rest.substr(0, rest.find('\0'));
}

}  // namespace newsgenre
