#include "trainer/dataset.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <thread>
#include <utility>

#include "common/base/status_macros.h"
#include "trainer/random.h"
#include "trainer/stop.h"

namespace newsgenre {
namespace {

// Calls body(i) for 0 … count - 1, each thread on a range of its own. CANCELLED once `stop` is true.
absl::Status ParallelFor(size_t count, int threads, const std::atomic<bool>& stop,
                         const std::function<void(size_t)>& body) {
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t) {
    workers.emplace_back([&, begin = count * t / threads, end = count * (t + 1) / threads] {
      for (size_t i = begin; i < end && !stop.load(); ++i) body(i);
    });
  }
  for (std::thread& worker : workers) worker.join();
  return CheckStop(stop);
}

}  // namespace

std::vector<int32_t> Dataset::Lengths() const {
  std::vector<int32_t> lengths;
  lengths.reserve(texts.size());
  for (const Encoding& text : texts) lengths.push_back(static_cast<int32_t>(text.ids.size()));
  return lengths;
}

Dataset Dataset::Take(const std::vector<int32_t>& rows) {
  Dataset taken;
  for (const int32_t row : rows) {
    taken.texts.push_back(std::move(texts[row]));
    taken.labels.push_back(labels[row]);
  }
  return taken;
}

absl::StatusOr<Split> SplitRows(int64_t rows, int64_t validation_rows, uint64_t seed) {
  if (validation_rows == 0) validation_rows = std::clamp<int64_t>(rows / 10, 1, 5000);
  if (validation_rows >= rows) {
    return absl::InvalidArgumentError(std::to_string(validation_rows) + " validation rows of " +
                                      std::to_string(rows) + " rows in all leave none to learn from");
  }
  std::vector<int32_t> order(rows);
  std::iota(order.begin(), order.end(), 0);
  Random(seed).Shuffle(&order);
  Split split;
  split.validation.assign(order.begin(), order.begin() + validation_rows);
  split.training.assign(order.begin() + validation_rows, order.end());
  return split;
}

absl::StatusOr<std::vector<std::string>> CleanTexts(const std::vector<NewsRow>& rows,
                                                    const std::vector<int32_t>& chosen, int threads,
                                                    const std::atomic<bool>& stop) {
  std::vector<std::string> texts(chosen.size());
  RETURN_IF_ERROR(ParallelFor(chosen.size(), threads, stop, [&](size_t i) {
    const NewsRow& row = rows[chosen[i]];
    texts[i] = CleanText(JoinTitleAndBody(row.title, row.body), kLatestCleaning);
  }));
  return texts;
}

absl::StatusOr<Dataset> EncodeRows(const std::vector<NewsRow>& rows, const TextEncoder& encoder,
                                   const std::string& file, int threads, const std::atomic<bool>& stop) {
  Dataset dataset;
  dataset.texts.resize(rows.size());
  std::vector<absl::Status> statuses(rows.size());
  RETURN_IF_ERROR(ParallelFor(rows.size(), threads, stop, [&](size_t i) {
    absl::StatusOr<Encoding> encoding = encoder.Encode(JoinTitleAndBody(rows[i].title, rows[i].body));
    statuses[i] = encoding.status();
    if (encoding.ok()) dataset.texts[i] = *std::move(encoding);
  }));
  BadRows bad(file);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!statuses[i].ok()) bad.Add(rows[i].line, std::string(statuses[i].message()));
    dataset.labels.push_back(*rows[i].label);
  }
  RETURN_IF_ERROR(bad.ToStatus());
  return dataset;
}

}  // namespace newsgenre
