#include "trainer/data/dataset.h"

#include <algorithm>
#include <exception>
#include <new>
#include <numeric>
#include <thread>
#include <utility>

#include "common/base/status_macros.h"
#include "trainer/data/random.h"
#include "trainer/watch/run_control.h"

namespace newsgenre {

std::vector<int32_t> Dataset::Lengths() const {
  std::vector<int32_t> lengths;
  lengths.reserve(labels.size());
  for (int64_t text = 0; text < size(); ++text) lengths.push_back(length(text));
  return lengths;
}

Encoding Dataset::Text(int64_t text) const {
  return {{ids.begin() + starts[text], ids.begin() + starts[text + 1]}};
}

void Dataset::Add(const Encoding& text, int label, int64_t line) {
  ids.insert(ids.end(), text.ids.begin(), text.ids.end());
  starts.push_back(static_cast<int64_t>(ids.size()));
  labels.push_back(label);
  lines.push_back(line);
  truncated += text.truncated ? 1 : 0;
}

absl::StatusOr<Split> SplitRows(int64_t rows, int64_t validation_rows, uint64_t seed) {
  if (validation_rows == 0) validation_rows = std::clamp<int64_t>(rows / 10, 1, 5000);
  if (validation_rows >= rows) {
    return absl::InvalidArgumentError(std::to_string(validation_rows) + " validation rows of " +
                                      std::to_string(rows) + " rows in all leave none to train on");
  }
  std::vector<int32_t> order(rows);
  std::iota(order.begin(), order.end(), 0);
  Random(seed).Shuffle(&order);
  Split split;
  split.validation.assign(order.begin(), order.begin() + validation_rows);
  split.training.assign(order.begin() + validation_rows, order.end());
  return split;
}

absl::StatusOr<std::vector<std::string>> CheckLabels(const std::string& part, const std::vector<int>& labels,
                                                     const std::vector<std::string>& names) {
  std::vector<int64_t> counts(names.size());
  for (const int label : labels) ++counts[label];
  std::string absent;
  size_t present = 0, last_present = 0;
  for (size_t label = 0; label < names.size(); ++label) {
    if (counts[label] == 0) {
      absent += (absent.empty() ? "" : ", ") + names[label];
    } else {
      ++present;
      last_present = label;
    }
  }
  if (present == 1 && names.size() > 1) {
    return absl::InvalidArgumentError("all " + std::to_string(labels.size()) + " " + part + " rows are " +
                                      names[last_present] + "; a classifier needs at least two labels");
  }
  if (absent.empty()) return std::vector<std::string>();
  return std::vector<std::string>{"labels without a " + part + " row: " + absent};
}

absl::Status ForEachRow(size_t count, int threads, const std::atomic<bool>& stop,
                        const std::function<void(size_t row)>& body) {
  std::atomic<size_t> next{0};
  std::atomic<bool> out_of_memory{false};
  const auto work = [&] {
    try {
      for (size_t row = next++; row < count && !stop && !out_of_memory; row = next++) body(row);
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
  };
  const size_t used_threads = std::min(static_cast<size_t>(threads), count);
  std::vector<std::thread> workers;
  try {
    while (workers.size() + 1 < used_threads) workers.emplace_back(work);
  } catch (const std::exception&) {
    // The system cannot start another thread. The existing ones do the work.
  }
  work();
  for (std::thread& worker : workers) worker.join();
  RETURN_IF_ERROR(CheckStop(stop));
  if (out_of_memory) return absl::ResourceExhaustedError("out of memory while rows were prepared");
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> CleanTexts(const std::vector<NewsRow>& rows,
                                                    const std::vector<int32_t>& chosen, int threads,
                                                    const std::atomic<bool>& stop) {
  std::vector<std::string> texts(chosen.size());
  RETURN_IF_ERROR(ForEachRow(chosen.size(), threads, stop, [&](size_t i) {
    const NewsRow& row = rows[chosen[i]];
    texts[i] = CleanText(JoinTitleAndBody(row.title, row.body), kLatestCleaning);
  }));
  return texts;
}

absl::Status RemoveEmptyRows(const TextEncoder* encoder, int threads, const std::atomic<bool>& stop,
                             std::vector<NewsRow>* rows, BadRows* bad) {
  std::vector<char> is_empty(rows->size());
  RETURN_IF_ERROR(ForEachRow(rows->size(), threads, stop, [&](size_t i) {
    const std::string text = JoinTitleAndBody((*rows)[i].title, (*rows)[i].body);
    is_empty[i] = encoder != nullptr ? !encoder->Encode(text).ok() : CleanText(text, kLatestCleaning).empty();
  }));
  std::vector<NewsRow> kept;
  for (size_t i = 0; i < is_empty.size(); ++i) {
    if (is_empty[i]) {
      bad->Add((*rows)[i].line, "no text is left after cleaning");
    } else {
      kept.push_back(std::move((*rows)[i]));
    }
  }
  *rows = std::move(kept);
  return absl::OkStatus();
}

absl::StatusOr<Dataset> EncodeRows(const std::vector<NewsRow>& rows, const std::vector<int32_t>& chosen,
                                   const TextEncoder& encoder, int threads, const std::atomic<bool>& stop) {
  std::vector<absl::StatusOr<Encoding>> encodings(chosen.size());
  RETURN_IF_ERROR(ForEachRow(chosen.size(), threads, stop, [&](size_t i) {
    const NewsRow& row = rows[chosen[i]];
    encodings[i] = encoder.Encode(JoinTitleAndBody(row.title, row.body));
  }));
  Dataset dataset;
  for (size_t i = 0; i < chosen.size(); ++i) {
    const NewsRow& row = rows[chosen[i]];
    if (!encodings[i].ok()) return AddContext(encodings[i].status(), "line " + std::to_string(row.line));
    dataset.Add(*encodings[i], *row.label, row.line);
  }
  return dataset;
}

}  // namespace newsgenre
