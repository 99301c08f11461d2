#include "trainer/run/training_state.h"

#include <ATen/ops/empty.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/memory/memory.h"
#include "common/base/file.h"
#include "common/base/json_log.h"
#include "common/base/status_macros.h"
#include "common/checkpoint/safetensors.h"
#include "nlohmann/json.hpp"
#include "trainer/run/state_json.h"

namespace newsgenre {
namespace {

namespace fs = std::filesystem;

constexpr char kStateFile[] = "/state.json";
constexpr char kTensorFile[] = "/tensors.safetensors";
constexpr char kLockFile[] = "/lock";
constexpr char kPrefix[] = "state-";
constexpr size_t kKeptStates = 2;

at::Tensor StackEpochs(const std::vector<ProbabilityRows>& epochs) {
  const auto rows = static_cast<int64_t>(epochs[0].size());
  const auto labels = static_cast<int64_t>(epochs[0][0].size());
  const at::Tensor stacked = at::empty({static_cast<int64_t>(epochs.size()), rows, labels}, at::kFloat);
  float* to = stacked.mutable_data_ptr<float>();
  for (const ProbabilityRows& epoch : epochs) {
    for (const Probabilities& row : epoch) to = std::copy(row.begin(), row.end(), to);
  }
  return stacked;
}

std::vector<ProbabilityRows> UnstackEpochs(const at::Tensor& stacked) {
  std::vector<ProbabilityRows> epochs(stacked.size(0), ProbabilityRows(stacked.size(1)));
  const float* from = stacked.const_data_ptr<float>();
  for (ProbabilityRows& epoch : epochs) {
    for (Probabilities& row : epoch) {
      row.assign(from, from + stacked.size(2));
      from += stacked.size(2);
    }
  }
  return epochs;
}

TensorMap Tensors(const TrainingState& state) {
  TensorMap tensors = {{"values", state.values}, {"means", state.means}, {"squares", state.squares}};
  // Safetensors can't hold empty tensors.
  if (state.step > 0) tensors["records"] = state.records;
  if (!state.epochs.empty()) {
    tensors["best_values"] = state.best_values;
    tensors["validation"] = StackEpochs(state.validation);
  }
  return tensors;
}

absl::Status SetTensors(TensorMap tensors, TrainingState* state) {
  const auto take = [&](const char* name, c10::IntArrayRef shape, at::Tensor* to) {
    const at::Tensor& tensor = tensors[name];
    if (!tensor.defined() || tensor.dim() != static_cast<int64_t>(shape.size()) ||
        !std::equal(shape.begin(), shape.end(), tensor.sizes().begin(),
                    [](int64_t expected, int64_t size) { return expected < 0 || expected == size; })) {
      return absl::DataLossError(std::string(name) + " is missing or has the wrong shape");
    }
    *to = tensor;
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(take("values", {-1}, &state->values));
  RETURN_IF_ERROR(take("means", state->values.sizes(), &state->means));
  RETURN_IF_ERROR(take("squares", state->values.sizes(), &state->squares));
  if (state->step > 0) RETURN_IF_ERROR(take("records", {state->step, 3}, &state->records));
  if (state->epochs.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(take("best_values", state->values.sizes(), &state->best_values));
  at::Tensor validation;
  RETURN_IF_ERROR(take("validation", {static_cast<int64_t>(state->epochs.size()), -1, -1}, &validation));
  state->validation = UnstackEpochs(validation);
  return absl::OkStatus();
}

absl::Status Write(const std::string& folder, const TrainingState& state) {
  Safetensors file;
  file.tensors = Tensors(state);
  const std::string tensors = SerializeSafetensors(file);
  RETURN_IF_ERROR(WriteFileAtomic(folder + kTensorFile, tensors));
  return WriteFileAtomic(folder + kStateFile, StateToJson(state, Sha256(tensors)));
}

absl::StatusOr<TrainingState> Read(const std::string& folder) {
  ASSIGN_OR_RETURN(const std::string json, ReadFile(folder + kStateFile));
  ASSIGN_OR_RETURN(const std::string tensors, ReadFile(folder + kTensorFile));
  TrainingState state;
  RETURN_IF_ERROR(StateFromJson(json, Sha256(tensors), &state));
  ASSIGN_OR_RETURN(Safetensors file, ParseSafetensors(tensors));
  RETURN_IF_ERROR(SetTensors(std::move(file.tensors), &state));
  return state;
}

// Returns whether `path` still names this open file, not another one that replaced it.
bool IsAt(const std::string& path, int file) {
  struct stat named, opened;
  return stat(path.c_str(), &named) == 0 && fstat(file, &opened) == 0 && named.st_dev == opened.st_dev &&
         named.st_ino == opened.st_ino;
}

}  // namespace

absl::StatusOr<std::unique_ptr<StateStore>> StateStore::Open(const std::string& folder) {
  RETURN_IF_ERROR(MakeFolder(folder));
  const std::string path = folder + kLockFile;
  const int lock = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0) return absl::FailedPreconditionError("can't open " + path + ": " + std::strerror(errno));
  auto store = absl::WrapUnique(new StateStore(folder, lock));
  const bool locked = flock(lock, LOCK_EX | LOCK_NB) == 0;
  if (!locked && errno != EWOULDBLOCK) return absl::ErrnoToStatus(errno, "can't lock " + path);
  if (!locked || !IsAt(path, lock)) {
    return absl::FailedPreconditionError("another training run is using " + folder);
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListFolder(folder));
  for (const std::string& name : names) {
    std::error_code ignored;
    if (name.find(".tmp.") != std::string::npos) fs::remove_all(folder + "/" + name, ignored);
  }
  return store;
}

StateStore::~StateStore() { close(lock_); }

absl::StatusOr<std::vector<std::string>> StateStore::List() const {
  ASSIGN_OR_RETURN(std::vector<std::string> names, ListFolder(folder_));
  const auto is_other = [](const std::string& name) {
    return name.rfind(kPrefix, 0) != 0 ||
           name.find_first_not_of("0123456789", std::strlen(kPrefix)) != std::string::npos;
  };
  names.erase(std::remove_if(names.begin(), names.end(), is_other), names.end());
  return names;
}

absl::StatusOr<std::optional<TrainingState>> StateStore::Load() {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, List());
  absl::Status problem;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    const std::string path = folder_ + "/" + *name;
    absl::StatusOr<TrainingState> state = Read(path);
    if (state.ok()) {
      newest_ = path;
      return std::optional<TrainingState>(*std::move(state));
    }
    problem = state.status();
    Log(Severity::kWarning, "skipped a damaged state", {{"path", path}, {"error", problem.ToString()}});
  }
  if (names.empty()) return std::optional<TrainingState>();
  return absl::DataLossError(
      folder_ + ": all states are damaged; the last error is: " + std::string(problem.message()));
}

absl::Status StateStore::Save(const TrainingState& state) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, List());
  long long number = 0;
  if (!names.empty()) std::sscanf(names.back().c_str() + std::strlen(kPrefix), "%lld", &number);
  char name[40];
  std::snprintf(name, sizeof(name), "%s%09lld", kPrefix, number + 1);
  const std::string path = folder_ + "/" + name;
  RETURN_IF_ERROR(PublishFolder(path, [&](const std::string& folder) { return Write(folder, state); }));
  newest_ = path;
  for (size_t i = 0; i + kKeptStates <= names.size(); ++i) {
    std::error_code ignored;
    fs::remove_all(folder_ + "/" + names[i], ignored);
  }
  return absl::OkStatus();
}

std::string StateStore::newest() const {
  if (!newest_.empty()) return newest_;
  const absl::StatusOr<std::vector<std::string>> names = List();
  return !names.ok() || names->empty() ? "" : folder_ + "/" + names->back();
}

void StateStore::Remove() {
  std::error_code ignored;
  // A state is renamed before it is removed: if the process is killed, no incomplete state remains.
  for (const std::string& name : ListFolder(folder_).value_or(std::vector<std::string>())) {
    const std::string path = folder_ + "/" + name, removed = path + ".tmp.removed";
    if ("/" + name == kLockFile) continue;
    fs::rename(path, removed, ignored);
    fs::remove_all(removed, ignored);
  }
  // Another run can begin once the lock is removed; then the folder isn't empty and stays.
  fs::remove(folder_ + kLockFile, ignored);
  fs::remove(folder_, ignored);
}

absl::Status CompareIdentities(const std::map<std::string, std::string>& state,
                               const std::map<std::string, std::string>& now) {
  std::map<std::string, std::string> all = state;
  all.insert(now.begin(), now.end());
  std::string differences;
  const auto value = [](const std::map<std::string, std::string>& map, const std::string& name) {
    const auto found = map.find(name);
    return found == map.end() ? "absent" : found->second.empty() ? "empty" : found->second;
  };
  for (const auto& [name, ignored] : all) {
    const std::string before = value(state, name), after = value(now, name);
    if (before == after) continue;
    differences += (differences.empty() ? "" : "; ") + name + " is " + after + ", the state has " + before;
  }
  if (differences.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError("the state belongs to another run: " + differences);
}

}  // namespace newsgenre
