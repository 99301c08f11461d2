// Metrics in Prometheus's text format, for tests.
#pragma once

#include <cmath>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "common/metrics/collectables.h"
#include "prometheus/text_serializer.h"

namespace newsgenre {

// Returns what a scrape of `collectables` returns.
inline std::string MetricsText(const Collectables& collectables) {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& collectable : collectables) {
    for (prometheus::MetricFamily& family : collectable->Collect()) families.push_back(std::move(family));
  }
  return prometheus::TextSerializer().Serialize(families);
}

// Returns the value of `series`, such as `newsgenre_rpc_calls_total{code="OK",method="Classify"}`, or NaN if
// it is missing.
inline double SeriesValue(const std::string& metrics, const std::string& series) {
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(series + " ", 0) == 0) return std::stod(line.substr(series.size() + 1));
  }
  return std::nan("");
}

// Returns the names, including labels, of the series that begin with "newsgenre_".
inline std::set<std::string> SeriesNames(const std::string& metrics) {
  std::set<std::string> names;
  std::istringstream lines(metrics);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("newsgenre_", 0) == 0) names.insert(line.substr(0, line.rfind(' ')));
  }
  return names;
}

}  // namespace newsgenre
