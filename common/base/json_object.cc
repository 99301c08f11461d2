#include "common/base/json_object.h"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/printable.h"

namespace newsgenre {
namespace {

using nlohmann::json;

constexpr size_t kMaxDepth = 32;

// Checks the text before a tree is built, and stops the parse at the first violation. (The library's parser
// callback also receives the depth, but its time grows with the square of an object's member count.)
class StrictnessCheck : public nlohmann::json_sax<json> {
 public:
  // Empty if the text has no violation or is not JSON.
  const std::string& violation() const { return violation_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return Open(); }
  bool start_array(size_t) override { return Open(); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& name) override {
    if (names_.back().insert(name).second) return true;
    violation_ = absl::StrCat("duplicate name ", Printable(name));
    return false;
  }
  bool parse_error(size_t, const std::string&, const json::exception&) override { return false; }

 private:
  bool Open() {
    names_.emplace_back();
    if (names_.size() <= kMaxDepth) return true;
    violation_ = absl::StrCat("nested deeper than ", kMaxDepth, " levels");
    return false;
  }
  bool Close() {
    names_.pop_back();
    return true;
  }

  std::vector<std::set<std::string>> names_;  // member names of each open object or array
  std::string violation_;
};

}  // namespace

absl::StatusOr<json> ParseJsonObject(std::string_view text) {
  StrictnessCheck check;
  json::sax_parse(text.begin(), text.end(), &check);
  if (!check.violation().empty()) return absl::DataLossError(check.violation());
  json object = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return absl::DataLossError("not a JSON object");
  return object;
}

}  // namespace newsgenre
