#include "trainer/import/pickle.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace newsgenre {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxBytes = size_t{1} << 20;  // a state_dict of ALBERT takes 5 KB
constexpr size_t kMaxValues = size_t{1} << 16, kMaxMarks = 64, kMaxShownBytes = 80;

constexpr char kOrderedDict[] = "collections.OrderedDict";

// Reads one pickle. Stops at the first error.
class PickleReader {
 public:
  PickleReader(std::string_view bytes, const GlobalFilter& is_allowed)
      : bytes_(bytes.substr(0, kMaxBytes)), is_allowed_(is_allowed) {}

  absl::StatusOr<Pickle> Read() && {
    while (status_.ok() && !stopped_) {
      const char opcode = static_cast<char>(Number(1));
      if (status_.ok() && !StepScalar(opcode) && !StepContainer(opcode) && !StepOther(opcode)) {
        SetNotAllowed(
            absl::StrCat("opcode 0x", absl::Hex(static_cast<unsigned char>(opcode), absl::kZeroPad2)));
      }
      if (pickle_.values.size() > kMaxValues || memo_.size() > kMaxValues) {
        SetBroken(absl::StrCat("it has more than ", kMaxValues, " values"));
      }
    }
    if (!status_.ok()) return status_;
    pickle_.bytes = at_;
    return std::move(pickle_);
  }

 private:
  void SetBroken(const std::string& what) {
    status_.Update(absl::DataLossError(absl::StrCat("broken pickle, before byte ", at_, ": ", what)));
  }
  void SetNotAllowed(const std::string& what) {
    status_.Update(absl::InvalidArgumentError(
        what + " is not allowed: torch.save(model.state_dict(), FILE) writes none"));
  }

  std::string_view Take(uint64_t size) {
    if (size > bytes_.size() - at_) {
      return SetBroken(absl::StrCat("it ends early, or has more than ", kMaxBytes, " bytes")), "";
    }
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  // Reads a little-endian number. Returns 0 after an error.
  uint64_t Number(uint64_t size) {
    uint64_t number = 0;
    const std::string_view bytes = Take(size);
    for (size_t i = 0; i < bytes.size(); ++i) {
      number |= uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    }
    return number;
  }
  int64_t Signed(uint64_t size) {
    if (size > 8) SetBroken(absl::StrCat("an integer has ", size, " bytes; the limit is 8"));
    if (size == 0 || size > 8) return 0;
    const uint64_t number = Number(size);
    const uint64_t sign = uint64_t{1} << (8 * size - 1);
    return static_cast<int64_t>((number ^ sign) - sign);
  }
  std::string Line() {
    const size_t length = std::min(bytes_.find('\n', at_), bytes_.size()) - at_;
    return std::string(Take(length + 1).substr(0, length));
  }

  void Push(Kind kind, int64_t integer = 0, std::string text = {}, std::vector<size_t> items = {}) {
    stack_.push_back(pickle_.values.size());
    pickle_.values.push_back({kind, integer, std::move(text), std::move(items)});
  }
  // Pops the top `count` values of the stack. It is an error to go below the last mark.
  std::vector<size_t> Pop(size_t count) {
    if (count > stack_.size() - (marks_.empty() ? 0 : marks_.back())) {
      SetBroken("a value is missing");
      return {};
    }
    std::vector<size_t> popped(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return popped;
  }
  std::vector<size_t> PopMark() {
    if (marks_.empty()) {
      SetBroken("a mark is missing");
      return {};
    }
    std::vector<size_t> popped = Pop(stack_.size() - marks_.back());
    marks_.pop_back();
    return popped;
  }
  // Adds items to the list or dict on top of the stack.
  void Extend(Kind kind, const std::vector<size_t>& items) {
    const std::vector<size_t> top = Pop(1);
    if (!status_.ok()) return;
    PickleValue& value = pickle_.values[top[0]];
    const bool odd = kind == Kind::kDict && items.size() % 2 != 0;
    if (value.kind != kind || odd) return SetBroken("items are added to a value that can't have them");
    value.items.insert(value.items.end(), items.begin(), items.end());
    stack_.push_back(top[0]);
  }

  bool StepScalar(char opcode) {
    switch (opcode) {
      case 'N':  // NONE
        return Push(Kind::kNone), true;
      case '\x88':
      case '\x89':  // NEWTRUE, NEWFALSE
        return Push(Kind::kBool, opcode == '\x88' ? 1 : 0), true;
      case 'K':
      case 'M':  // BININT1, BININT2
        return Push(Kind::kInteger, static_cast<int64_t>(Number(opcode == 'K' ? 1 : 2))), true;
      case 'J':  // BININT
        return Push(Kind::kInteger, Signed(4)), true;
      case '\x8a':  // LONG1
        return Push(Kind::kInteger, Signed(Number(1))), true;
      case 'G':  // BINFLOAT
        return Take(8), Push(Kind::kFloat), true;
      case 'X':  // BINUNICODE
        return Push(Kind::kText, 0, std::string(Take(Number(4)))), true;
      default:
        return false;
    }
  }

  bool StepContainer(char opcode) {
    switch (opcode) {
      case ')':  // EMPTY_TUPLE
        return Push(Kind::kTuple), true;
      case ']':  // EMPTY_LIST
        return Push(Kind::kList), true;
      case '}':  // EMPTY_DICT
        return Push(Kind::kDict), true;
      case 't':  // TUPLE
        return Push(Kind::kTuple, 0, {}, PopMark()), true;
      case '\x85':
      case '\x86':
      case '\x87':  // TUPLE1, TUPLE2, TUPLE3
        return Push(Kind::kTuple, 0, {}, Pop(static_cast<size_t>(opcode - '\x84'))), true;
      case 'a':  // APPEND
        return Extend(Kind::kList, Pop(1)), true;
      case 'e':  // APPENDS
        return Extend(Kind::kList, PopMark()), true;
      case 's':  // SETITEM
        return Extend(Kind::kDict, Pop(2)), true;
      case 'u':  // SETITEMS
        return Extend(Kind::kDict, PopMark()), true;
      default:
        return false;
    }
  }

  bool StepOther(char opcode) {
    switch (opcode) {
      case '\x80':  // PROTO
        if (Number(1) != 2) SetNotAllowed("a protocol other than 2");
        return true;
      case '.':  // STOP
        return Stop(), true;
      case '(':  // MARK
        if (marks_.size() == kMaxMarks) SetBroken(absl::StrCat("it is nested deeper than ", kMaxMarks));
        return marks_.push_back(stack_.size()), true;
      case 'q':
      case 'r':  // BINPUT, LONG_BINPUT
        return Put(Number(opcode == 'q' ? 1 : 4)), true;
      case 'h':
      case 'j':  // BINGET, LONG_BINGET
        return Get(Number(opcode == 'h' ? 1 : 4)), true;
      case 'c':  // GLOBAL
        return PushGlobal(), true;
      case 'R':  // REDUCE
        return Call(Pop(2)), true;
      case 'b':  // BUILD
        return Pop(1), Extend(Kind::kDict, {}), true;
      case 'Q':  // BINPERSID
        return Push(Kind::kPersistent, 0, {}, Pop(1)), true;
      default:
        return false;
    }
  }

  void Stop() {
    const std::vector<size_t> top = Pop(1);
    if (!top.empty()) pickle_.root = top[0];
    stopped_ = true;
  }
  void Put(uint64_t index) {
    const std::vector<size_t> top = Pop(1);
    if (!top.empty()) stack_.push_back(memo_[index] = top[0]);
  }
  void Get(uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) return SetBroken(absl::StrCat("nothing was stored at memo index ", index));
    stack_.push_back(found->second);
  }
  void PushGlobal() {
    std::string name = Line() + ".";
    name += Line();
    if (!status_.ok()) return;
    if (name != kOrderedDict && !is_allowed_(name)) {
      return SetNotAllowed("global " + absl::CHexEscape(name.substr(0, kMaxShownBytes)));
    }
    Push(Kind::kGlobal, 0, std::move(name));
  }
  void Call(std::vector<size_t> call) {
    if (!status_.ok()) return;
    const PickleValue& global = pickle_.values[call[0]];
    const PickleValue& arguments = pickle_.values[call[1]];
    if (global.kind != Kind::kGlobal || arguments.kind != Kind::kTuple)
      return SetBroken("a call of something other than a global");
    const bool is_dict = global.text == kOrderedDict;
    if (is_dict && !arguments.items.empty()) return SetBroken("an OrderedDict has arguments");
    Push(is_dict ? Kind::kDict : Kind::kCall, 0, {}, is_dict ? std::vector<size_t>() : std::move(call));
  }

  const std::string_view bytes_;
  const GlobalFilter& is_allowed_;
  size_t at_ = 0;
  bool stopped_ = false;
  absl::Status status_;
  Pickle pickle_;
  std::vector<size_t> stack_;
  std::vector<size_t> marks_;  // sizes of the stack at each open mark
  std::map<uint64_t, size_t> memo_;
};

}  // namespace

const PickleValue* Pickle::Item(const PickleValue& value, size_t i, Kind kind) const {
  if (i >= value.items.size() || values[value.items[i]].kind != kind) return nullptr;
  return &values[value.items[i]];
}

absl::StatusOr<Pickle> ParsePickle(std::string_view bytes, const GlobalFilter& is_allowed) {
  return PickleReader(bytes, is_allowed).Read();
}

}  // namespace newsgenre
