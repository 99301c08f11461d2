#include "server/classifier/self_test_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace newsgenre {
namespace {

bool Within(double difference, double bound) { return difference <= bound; }  // false for a NaN

std::string FullName(const PathResult& result) {
  return absl::StrCat(result.device, " ", result.precision, " ", result.path);
}

// Formats 1234567 as "1,234,567", with at least three significant digits.
std::string FormatRate(double rate) {
  if (rate < 100) return absl::StrFormat(rate < 10 ? "%.2f" : "%.1f", rate);
  std::string digits = absl::StrFormat("%.0f", rate);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, ",");
  return digits;
}

std::string FormatRateOrDash(const std::optional<double>& rate) { return rate ? FormatRate(*rate) : "-"; }

std::string NameColumns(const PathResult& result) {
  return absl::StrFormat("%-7s %-9s %-7s", result.device, result.precision, result.path);
}

}  // namespace

bool Passed(const PathResult& result) {
  return result.error.empty() && Within(result.difference, result.bound) &&
         (!result.from_eager || Within(*result.from_eager, result.bound));
}

std::string SelfTestHeader() {
  std::string batches;
  for (const int texts : kSelfTestBatches) batches += absl::StrFormat(" %9d", texts);
  return absl::StrFormat("%-25s %9s %9s %9s %5s   %-39s %11s %9s\n", "", "from fp32", "from", "", "",
                         "texts/s in batches of", "", "products") +
         absl::StrFormat("%-7s %-9s %-7s %9s %9s %9s %5s %s  %11s %9s\n", "device", "precision", "path",
                         "on CPU", "eager", "bound", "", batches, "tokens/s", "TFLOP/s");
}

std::string SelfTestRow(const PathResult& result) {
  if (!result.error.empty()) return absl::StrCat(NameColumns(result), " MISS  ", result.error, "\n");
  std::string rates;
  for (const auto& rate : result.texts_per_second) rates += absl::StrFormat(" %9s", FormatRateOrDash(rate));
  const std::string eager = result.from_eager ? absl::StrFormat("%.1e", *result.from_eager) : "-";
  return absl::StrFormat("%s %9.1e %9s %9.1e %5s %s  %11s %9s\n", NameColumns(result), result.difference,
                         eager, result.bound, Passed(result) ? "ok" : "MISS", rates,
                         FormatRate(result.tokens_per_second), FormatRateOrDash(result.product_teraflops));
}

std::string SelfTestVerdict(const std::vector<PathResult>& results) {
  std::vector<std::string> missed;
  for (const PathResult& result : results) {
    if (!Passed(result)) missed.push_back(FullName(result));
  }
  if (missed.empty() && results.size() == 1) return "1 path, within its bound\n";
  if (missed.empty()) return absl::StrCat(results.size(), " paths, all within their bounds\n");
  return absl::StrCat(missed.size(), " of ", results.size(), " paths failed: ", absl::StrJoin(missed, ", "),
                      "\n");
}

}  // namespace newsgenre
