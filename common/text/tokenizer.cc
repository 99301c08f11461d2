#include "common/text/tokenizer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/text/char_map.h"
#include "common/text/spiece.pb.h"
#include "common/text/text_normalizer.h"
#include "common/text/unigram_model.h"

namespace newsgenre {
namespace {

constexpr std::array<std::string_view, 5> kSpecialPieces = {"<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"};

// The score of an unknown character is this much below the lowest score of a piece (SentencePiece's
// kUnkPenalty).
constexpr double kUnknownPenalty = 10.0;

// A user-defined piece found in a text.
struct Match {
  size_t begin = std::string_view::npos;
  size_t size = 0;
  int32_t id = -1;
};

absl::Status CheckSpecialPieces(const spiece::Model& model) {
  if (model.trainer_spec().model_type() != spiece::Trainer::UNIGRAM) {
    return absl::InvalidArgumentError("the vocabulary is not a unigram model");
  }
  for (int id = 0; id < static_cast<int>(kSpecialPieces.size()); ++id) {
    const std::string expected(kSpecialPieces[id]);
    const auto type = id == Tokenizer::kUnk ? spiece::Piece::UNKNOWN : spiece::Piece::CONTROL;
    if (id >= model.pieces_size() || model.pieces(id).piece() != expected ||
        model.pieces(id).type() != type) {
      return absl::InvalidArgumentError(
          absl::StrCat("piece ", id, " of the vocabulary is not the special piece ", expected));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<UnigramModel> MakeUnigramModel(const spiece::Model& model) {
  double lowest_score = std::numeric_limits<double>::infinity();
  for (const spiece::Piece& piece : model.pieces()) {
    lowest_score = std::min<double>(lowest_score, piece.score());
  }
  std::vector<UnigramModel::Piece> pieces;
  for (int32_t id = kSpecialPieces.size(); id < model.pieces_size(); ++id) {
    const spiece::Piece& piece = model.pieces(id);
    if (piece.type() != spiece::Piece::NORMAL && piece.type() != spiece::Piece::USER_DEFINED) {
      return absl::InvalidArgumentError(
          absl::StrCat("piece ", id, " of the vocabulary has the type ", piece.type(),
                       "; only normal and user-defined pieces can follow the special ones"));
    }
    pieces.push_back({piece.piece(), id, piece.score()});
  }
  return UnigramModel::FromPieces(std::move(pieces), {Tokenizer::kUnk, lowest_score - kUnknownPenalty});
}

}  // namespace

struct Tokenizer::Impl {
  std::string bytes;
  int vocab_size = 0;
  std::vector<bool> begins_word;
  TextNormalizer normalizer;
  UnigramModel model;
  // Pieces that are matched before normalization. The longest match at a position wins.
  std::vector<std::pair<std::string, int32_t>> user_defined;
  std::array<bool, 256> begins_user_defined{};

  Impl(std::string_view model_bytes, const spiece::Model& proto, CharMap map, UnigramModel unigrams)
      : bytes(model_bytes),
        vocab_size(proto.pieces_size()),
        normalizer(std::move(map)),
        model(std::move(unigrams)) {}

  void AddPieces(const spiece::Model& proto);
  Match NextUserDefined(std::string_view text, size_t from) const;
};

void Tokenizer::Impl::AddPieces(const spiece::Model& proto) {
  for (int32_t id = 0; id < proto.pieces_size(); ++id) {
    const spiece::Piece& piece = proto.pieces(id);
    begins_word.push_back(
        piece.type() == spiece::Piece::USER_DEFINED ||
        absl::StartsWith(piece.piece(), absl::string_view(kWordMark.data(), kWordMark.size())));
    if (piece.type() == spiece::Piece::USER_DEFINED) {
      user_defined.emplace_back(piece.piece(), id);
      begins_user_defined[static_cast<unsigned char>(piece.piece().front())] = true;
    }
  }
  std::sort(user_defined.begin(), user_defined.end(),
            [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

Match Tokenizer::Impl::NextUserDefined(std::string_view text, size_t from) const {
  for (size_t begin = from; begin < text.size(); ++begin) {
    if (!begins_user_defined[static_cast<unsigned char>(text[begin])]) {
      continue;
    }
    for (const auto& [piece, id] : user_defined) {
      if (text.compare(begin, piece.size(), piece) == 0) {
        return {begin, piece.size(), id};
      }
    }
  }
  return {};
}

absl::StatusOr<Tokenizer> Tokenizer::FromBytes(std::string_view model) {
  spiece::Model proto;
  if (model.size() > std::numeric_limits<int>::max() ||
      !proto.ParseFromArray(model.data(), static_cast<int>(model.size())) || proto.pieces_size() == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("the vocabulary of ", model.size(), " bytes is not a SentencePiece model"));
  }
  RETURN_IF_ERROR(CheckSpecialPieces(proto));
  ASSIGN_OR_RETURN(CharMap map, CharMap::FromBytes(proto.normalizer_spec().precompiled_charsmap()));
  ASSIGN_OR_RETURN(UnigramModel unigrams, MakeUnigramModel(proto));
  auto impl = std::make_unique<Impl>(model, proto, std::move(map), std::move(unigrams));
  impl->AddPieces(proto);
  return Tokenizer(std::move(impl));
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Encoding Tokenizer::Encode(std::string_view text, int max_tokens) const {
  // The ids of a word do not depend on later words, so encoding can stop once the limit is exceeded.
  const size_t limit = static_cast<size_t>(max_tokens) - 1;  // includes [CLS] but not [SEP]
  Encoding encoding{{kCls}};
  std::vector<int32_t>& ids = encoding.ids;
  const auto on_word = [this, &ids, limit](const std::string& word) {
    impl_->model.Encode(word, &ids);
    return ids.size() <= limit;
  };
  for (size_t begin = 0; begin < text.size() && ids.size() <= limit;) {
    const Match match = impl_->NextUserDefined(text, begin);
    impl_->normalizer.ForEachWord(text.substr(begin, match.begin - begin), on_word);
    if (match.id < 0) {
      break;
    }
    ids.push_back(match.id);
    begin = match.begin + match.size;
  }
  encoding.truncated = ids.size() > limit;
  ids.resize(std::min(ids.size(), limit));
  ids.push_back(kSep);
  return encoding;
}

int Tokenizer::vocab_size() const { return impl_->vocab_size; }
const std::vector<bool>& Tokenizer::begins_word() const { return impl_->begins_word; }
const std::string& Tokenizer::model_bytes() const { return impl_->bytes; }

std::string TokenizerConfigJson(int max_tokens) {
  return absl::StrCat(R"({
  "tokenizer_class": "AlbertTokenizer",
  "do_lower_case": true,
  "keep_accents": false,
  "split_special_tokens": true,
  "model_max_length": )",
                      max_tokens, R"(,
  "pad_token": "<pad>",
  "unk_token": "<unk>",
  "cls_token": "[CLS]",
  "sep_token": "[SEP]",
  "mask_token": "[MASK]"
}
)");
}

}  // namespace newsgenre
