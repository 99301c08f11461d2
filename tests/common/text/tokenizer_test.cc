#include "common/text/tokenizer.h"

#include <chrono>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "common/text/spiece.pb.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"

namespace newsgenre {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr int kMaxTokens = 512;
const char* const kGolden = NEWSGENRE_SOURCE_DIR "/tests/golden/";

std::string TinyModelBytes() { return *ReadFile(std::string(kGolden) + "tiny.spiece.model"); }

spiece::Model TinyModel() {
  spiece::Model model;
  model.ParseFromString(TinyModelBytes());
  return model;
}

Tokenizer TinyTokenizer() { return *Tokenizer::FromBytes(TinyModelBytes()); }

// Returns the same tokenizer as with_user_defined_pieces in tests/parity/reference_tokenizer.py.
Tokenizer UserDefinedTokenizer() {
  const std::set<std::string> pieces = {"(", ")", "\"", "-", ".", "–", "£", "€"};
  spiece::Model model = TinyModel();
  for (spiece::Piece& piece : *model.mutable_pieces()) {
    if (pieces.count(piece.piece()) > 0) {
      piece.set_type(spiece::Piece::USER_DEFINED);
      piece.set_score(0);
    }
  }
  return *Tokenizer::FromBytes(model.SerializeAsString());
}

std::vector<int32_t> Ids(const Tokenizer& tokenizer, const std::string& text) {
  return tokenizer.Encode(text, kMaxTokens).ids;
}

TEST(TokenizerTest, ReturnsTheIdsOfTransformers) {
  const Tokenizer plain = TinyTokenizer();
  const Tokenizer user_defined = UserDefinedTokenizer();
  std::ifstream file(std::string(kGolden) + "tokenizer_ids.json");
  const auto cases = nlohmann::json::parse(file);
  ASSERT_THAT(cases, SizeIs(Ge(400)));
  for (const auto& golden : cases) {
    const auto text = golden[0].get<std::string>();
    EXPECT_EQ(Ids(plain, text), golden[1].get<std::vector<int32_t>>()) << golden[0];
    EXPECT_EQ(Ids(user_defined, text), golden[2].get<std::vector<int32_t>>()) << golden[0];
  }
}

TEST(TokenizerTest, NeverReturnsASpecialIdForText) {
  for (const Tokenizer& tokenizer : {TinyTokenizer(), UserDefinedTokenizer()}) {
    for (const std::string text : {"<pad>", "[MASK]", "[CLS]", "[SEP]", "a<PAD>b [SEP] <pad>"}) {
      std::vector<int32_t> ids = Ids(tokenizer, text);
      ASSERT_THAT(ids, SizeIs(Ge(3)));
      EXPECT_EQ(ids.front(), Tokenizer::kCls);
      EXPECT_EQ(ids.back(), Tokenizer::kSep);
      for (size_t i = 1; i + 1 < ids.size(); ++i) {
        EXPECT_TRUE(ids[i] == Tokenizer::kUnk || ids[i] > Tokenizer::kMask) << text << ": " << ids[i];
      }
    }
  }
}

TEST(TokenizerTest, KeepsSepWhenTruncating) {
  const Tokenizer tokenizer = TinyTokenizer();
  const std::vector<int32_t> all = Ids(tokenizer, "clay prices rose for bakers");
  ASSERT_THAT(all, SizeIs(Ge(7)));
  for (int limit = 2; limit <= static_cast<int>(all.size()) + 1; ++limit) {
    const Encoding encoding = tokenizer.Encode("clay prices rose for bakers", limit);
    std::vector<int32_t> expected = all;
    const bool truncated = limit < static_cast<int>(all.size());
    if (truncated) {
      expected.resize(limit - 1);
      expected.push_back(Tokenizer::kSep);
    }
    EXPECT_EQ(encoding.ids, expected) << limit;
    EXPECT_EQ(encoding.truncated, truncated) << limit;
  }
}

TEST(TokenizerTest, ReadsInvalidUtf8AsTheReplacementCharacter) {
  const Tokenizer tokenizer = TinyTokenizer();
  for (const auto& [bytes, text] :
       std::vector<std::pair<std::string, std::string>>{{"a\xff"
                                                         "b",
                                                         "a\ufffdb"},
                                                        {"oil\xe2\x80", "oil\ufffd"},
                                                        {"\xc0\xaf", "\ufffd\ufffd"},
                                                        {"\xed\xa0\x80", "\ufffd"}}) {
    EXPECT_EQ(Ids(tokenizer, bytes), Ids(tokenizer, text));
  }
}

TEST(TokenizerTest, TakesLinearTime) {
  std::string words;
  while (words.size() < (1 << 20)) {
    words += "Kettles sang for otters. ";
  }
  const auto start = std::chrono::steady_clock::now();
  for (const Tokenizer& tokenizer : {TinyTokenizer(), UserDefinedTokenizer()}) {
    for (const std::string& text :
         {words, std::string(1 << 20, 'a'), std::string(1 << 20, '.'), std::string(1 << 20, ' '),
          std::string(1 << 20, '\''), std::string(1 << 20, '\xff')}) {
      EXPECT_EQ(tokenizer.Encode(text, kMaxTokens).ids,
                tokenizer.Encode(text.substr(0, 1 << 19), kMaxTokens).ids);
    }
  }
  // Far more than linear time takes, even under a sanitizer, and far less than quadratic time would take.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(120));
}

TEST(TokenizerTest, IsThreadSafe) {
  const Tokenizer tokenizer = TinyTokenizer();
  const std::vector<int32_t> expected = Ids(tokenizer, "Café owners said ﬁne");
  std::vector<std::vector<int32_t>> ids(4);
  std::vector<std::thread> threads;
  threads.reserve(ids.size());
  for (std::vector<int32_t>& mine : ids) {
    threads.emplace_back([&tokenizer, &mine] { mine = Ids(tokenizer, "Café owners said ﬁne"); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_THAT(ids, testing::Each(expected));
}

TEST(TokenizerTest, ReturnsItsBytesAndSize) {
  const Tokenizer tokenizer = TinyTokenizer();
  EXPECT_EQ(tokenizer.model_bytes(), TinyModelBytes());
  EXPECT_EQ(tokenizer.vocab_size(), 800);
}

TEST(TokenizerFromBytesTest, NamesAMisplacedSpecialPiece) {
  spiece::Model model = TinyModel();
  model.mutable_pieces()->SwapElements(2, 4);
  EXPECT_THAT(Tokenizer::FromBytes(model.SerializeAsString()),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("piece 2"), HasSubstr("[CLS]"))));
  model = TinyModel();
  model.mutable_pieces(0)->set_type(spiece::Piece::NORMAL);
  EXPECT_THAT(Tokenizer::FromBytes(model.SerializeAsString()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("<pad>")));
  model = TinyModel();
  model.mutable_pieces()->DeleteSubrange(4, model.pieces_size() - 4);
  EXPECT_THAT(Tokenizer::FromBytes(model.SerializeAsString()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("[MASK]")));
}

TEST(TokenizerFromBytesTest, RefusesOtherModels) {
  const auto refuses = [](const spiece::Model& model, const std::string& why) {
    EXPECT_THAT(Tokenizer::FromBytes(model.SerializeAsString()),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why)));
  };
  spiece::Model model = TinyModel();
  model.mutable_trainer_spec()->set_model_type(spiece::Trainer::BPE);
  refuses(model, "unigram");
  model = TinyModel();
  model.mutable_pieces(10)->set_type(spiece::Piece::BYTE);
  refuses(model, "piece 10 of the vocabulary has the type 6");
  model = TinyModel();
  model.mutable_pieces(11)->set_piece(model.pieces(10).piece());
  refuses(model, "piece 11");
  model = TinyModel();
  model.mutable_pieces(12)->clear_piece();
  refuses(model, "piece 12");
  model = TinyModel();
  model.mutable_normalizer_spec()->set_precompiled_charsmap("abc");
  refuses(model, "charsmap");
}

TEST(TokenizerFromBytesTest, StaysInBoundsForCorruptBytes) {
  EXPECT_THAT(Tokenizer::FromBytes(""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0 bytes")));
  EXPECT_THAT(Tokenizer::FromBytes("no model"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("8 bytes")));
  const std::string whole = TinyModelBytes();
  std::mt19937 random(1);
  std::uniform_int_distribution<size_t> position(0, whole.size() - 1);
  std::uniform_int_distribution<int> byte(0, 255);
  const std::string text = "ﬁne ²x \u1112\u1161\u11ab [MASK]. \x01 \u200b";
  for (int round = 0; round < 100; ++round) {
    std::string broken = whole.substr(0, round % 2 == 0 ? position(random) : whole.size());
    for (int flips = 0; flips < 20; ++flips) {
      broken[position(random) % broken.size()] = static_cast<char>(byte(random));
    }
    // In half of the rounds the file keeps its size. Such a model can still be valid.
    const absl::StatusOr<Tokenizer> tokenizer = Tokenizer::FromBytes(broken);
    if (tokenizer.ok()) {
      EXPECT_LE(tokenizer->Encode(text, 16).ids.size(), 16u);
    }
  }
}

// Returns a charsmap that maps "a" to the replacement at `position`. The root unit of the trie is 0; the unit
// at 'a' refers to the adjacent unit, which holds the position.
std::string CharsmapForA(const std::string& replacements, uint32_t position) {
  std::vector<uint32_t> trie('a' + 1);
  constexpr uint32_t kHasValue = 1u << 8, kOneFurther = 1u << 10;
  trie['a'] = 'a' | kHasValue | kOneFurther;
  trie['a' ^ 1] = position;
  std::string bytes;
  const auto append = [&bytes](uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) {
      bytes += static_cast<char>(value >> shift);
    }
  };
  append(static_cast<uint32_t>(trie.size() * sizeof(uint32_t)));
  for (const uint32_t unit : trie) {
    append(unit);
  }
  return bytes + replacements;
}

TEST(TokenizerFromBytesTest, IgnoresPartialCharactersOfACorruptCharsmap) {
  using std::string_literals::operator""s;
  spiece::Model model = TinyModel();
  std::string* const charsmap = model.mutable_normalizer_spec()->mutable_precompiled_charsmap();
  *charsmap = CharsmapForA("o\0"s, 0);
  ASSERT_OK_AND_ASSIGN(const Tokenizer plain, Tokenizer::FromBytes(model.SerializeAsString()));
  EXPECT_EQ(Ids(plain, "a"), Ids(plain, "o"));
  *charsmap = CharsmapForA("\xF0\0"s, 0);
  EXPECT_THAT(Tokenizer::FromBytes(model.SerializeAsString()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("charsmap")));
  // The replacements are valid UTF-8, but the map points at the last byte of a four-byte character.
  *charsmap = CharsmapForA("\U0001f600\0"s, 3);
  ASSERT_OK_AND_ASSIGN(const Tokenizer pointing, Tokenizer::FromBytes(model.SerializeAsString()));
  EXPECT_EQ(Ids(pointing, "a"), Ids(pointing, "\ufffd"));
}

TEST(TokenizerTest, WordMarksAndUserDefinedPiecesBeginWords) {
  const spiece::Model model = TinyModel();
  const Tokenizer plain = TinyTokenizer(), user_defined = UserDefinedTokenizer();
  ASSERT_EQ(plain.begins_word().size(), static_cast<size_t>(plain.vocab_size()));
  int begins = 0, continues = 0;
  for (int id = 0; id < model.pieces_size(); ++id) {
    const std::string& piece = model.pieces(id).piece();
    const bool has_space = piece.rfind("\u2581", 0) == 0;
    EXPECT_EQ(plain.begins_word()[id], has_space) << piece;
    EXPECT_EQ(user_defined.begins_word()[id], has_space || piece == "." || piece == "-" || piece == "(" ||
                                                  piece == ")" || piece == "\"" || piece == "\u2013" ||
                                                  piece == "\u00a3" || piece == "\u20ac")
        << piece;
    ++(has_space ? begins : continues);
  }
  EXPECT_GT(begins, 100);
  EXPECT_GT(continues, 100);
  for (const int32_t special :
       {Tokenizer::kPad, Tokenizer::kUnk, Tokenizer::kCls, Tokenizer::kSep, Tokenizer::kMask}) {
    EXPECT_FALSE(user_defined.begins_word()[special]);
  }
  int words = 0;
  for (const int32_t id : Ids(plain, "The quartermaster unhurriedly whistled")) {
    words += plain.begins_word()[id];
  }
  EXPECT_EQ(words, 4);
}

TEST(TokenizerConfigJsonTest, ContainsTheClassAndTheLimit) {
  const auto config = nlohmann::json::parse(TokenizerConfigJson(128));
  EXPECT_EQ(config["tokenizer_class"], "AlbertTokenizer");
  EXPECT_EQ(config["model_max_length"], 128);
  EXPECT_EQ(config["split_special_tokens"], true);
  EXPECT_EQ(config["cls_token"], "[CLS]");
}

}  // namespace
}  // namespace newsgenre
