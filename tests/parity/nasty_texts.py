"""Texts that are difficult for tokenizers, written for this project. Invisible characters are escaped."""

import random

WHITE_SPACE_ONLY = ["", " ", "   ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u0085", "\u2028\u2029", " \t\n\u2009 "]

SPECIAL_TOKENS = [
    "[MASK]", "[CLS]", "[SEP]", "[CLS] breaking news [SEP]", "the [MASK] rose", "x[MASK]y", "[mask]", "[cls]", "[sep]",
    "[ MASK ]", "[MASK", "MASK]", "[[MASK]]", "[MASK][MASK]", "</s>", "<s>", "< pad >",
    "<pad", "pad>", "[UNK]", "[PAD]", "<mask>", "<|endoftext|>", "▁[CLS]▁",
]

QUOTES = [
    "``quoted''", "'' ''", "```", "''''", "'''", "`a`", "'a'", "''a``b''", "`` ``", "it''s", "`'", "'`", "\"'\"", "“curly”",
    "‘single’", "„low“", "«guillemets»", "‹single›", "″ ‴ ⁗", "`\u0300`", "'\u0301'", "don’t",
]

PUNCTUATION = [
    ".", "..", "...", "…", "a.b", "a. b", "a .b", "a . b", "U.S.", "U.S.A", "e.g.,", "-", "--", "–", "—", "a-b", "a–b",
    "a—b", "(a)", "( a )", "((a))", ")(", "()", "$9,000.50", "9,000", "9,000,", "9,", "1,2,3", "£5", "€5", "5€", "£", "€",
    "¥100", "#1", "50%", "100\u00b0C", "a/b", "a\\b", "a|b", "a_b", "a@b.com", "http://a.b/c?d=e&f=g", "&amp;", "#39;",
    "<b>bold</b>", "!?!?", "‽", "¿qué?", "¡hola!", "*", "†", "§ 5", "¶", "•item", "~", "^", "{}", "[]", ";:,", "“.”", "．",
    "。", "，", "！", "？", "（x）", "－", "−5", "‐", "‑", "‒", "―", "⁻", "﹣", "¼", "a½b", "10⁻³", "∕",
]

MARKS = [
    "café", "cafe\u0301", "naïve", "Zürich", "Ångström", "A\u030angstrom", "\u0301", "\u0301a", "a\u0301\u0302\u0303b",
    "e" + "\u0301" * 50, "ệ", "e\u0323\u0302", "e\u0302\u0323", "Ǖ", "ṩ", "s\u0307\u0323", "q\u0307\u0323", "\u0344", "\u0345",
    "\u20dd", "a\u20ddb", "1\ufe0f\u20e3", "ñ ç ø ł đ ħ ı ß æ œ þ ð", "Ñ Ç Ø Ł Đ Ħ I ẞ Æ Œ Þ Ð", "हिन्दी", "ক্ষ", "தமிழ்", "ไทย ภาษา",
    "กำ", "ລາວ ຳ", "မြန်မာ", "ខ្មែរ", "བོད་", "\u0903a", "\u0b83", "\u180b\u180c", "a\u180eb", "\ufe0f", "\ufe0e", "a\ufe0fb",
    "\U000e0100", "漢\U000e0100字", "\u034f", "a\u034fb", "\u08d3", "\u1df9", "\u1ac1", "\u0816\u0817", "אָבג", "شَدّة", "\u0670",
]

CASE = [
    "STRASSE Straße", "ΣΊΣΥΦΟΣ", "Σ", "ς", "σς", "ΟΔΟΣ ΟΔΟΣ.", "İstanbul", "ISTANBUL ıstanbul", "I\u0307", "i\u0307", "ſ", "ſt",
    "ǅ ǈ ǋ ǲ", "Ǆ", "ﬁ", "ﬀ ﬁ ﬂ ﬃ ﬄ ﬅ ﬆ", "oﬀice", "Ⅷ ⅷ", "Ⓐⓐ", "ⒶⒷ", "𝐀𝐛𝑪𝓭", "𝔘𝔫𝔦", "ℌ ℝ ℤ", "K Å Ω", "ΑΒΓ", "ПРИВЕТ Мир", "Ё ё Й й",
    "ӐӒ", "ԱԲԳ", "և", "Ⴀ ა Ა", "ᏣᎳᎩ ꮳ", "Ꙁ", "ᾳ ᾼ ῼ", "ΐ", "ŉ", "ǰ", "ẖ", "Ÿ ÿ", "ƏəƎǝ", "𐐀𐐨", "𞤀𞤢", "Ⱥ ⱥ", "Ꞌ", "DŽ",
]

EAST_ASIAN = [
    "新华社北京", "中文,English混合", "日本語テキスト", "カタカナ", "ｶﾀｶﾅ", "ｶﾞｷﾞ", "が", "か\u3099", "が" * 20, "ﾞ", "ー", "〜 ～", "・", "한국어", "\u1112\u1161\u11ab",
    "한", "\u1100\u1161", "\u1100", "각", "가\u11a8", "ㅎㅏㄴ", "ﾡﾢ", "뷁", "漢字かな交じり文", "㈱ ㌔ ㎏ ㏄", "㍿", "㋿", "㊗", "豈", "\uf900", "𠀀𠀁", "〇", "々",
    "１２３", "ＡＢＣ ａｂｃ", "Ｆｕｌｌ　ｗｉｄｔｈ", "﹏", "︰", "｡｢｣", "￥￡", "𝟘𝟙𝟚", "ⅠⅡⅢ", "①②③", "⑴ ⒈", "㉑", "ㄅㄆㄇ", "ꀀꀁ",
]

EMOJI = [
    "😀", "😀😀😀", "a😀b", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "🇩", "1️⃣", "❤️", "❤", "☎️", "👨🏿‍🚀 lands", "🧑🏻‍🤝‍🧑🏾", "\U0001f3fb", "😀\u200d", "\u200d😀",
    "🏴\U000e0067\U000e0062\U000e007f", "⌚", "™ ® ©", "a\u200db", "x\u200d\u200dy",
]

RIGHT_TO_LEFT = [
    "العربية", "שלום עולם", "فارسی می\u200cخواهم", "\u200fabc\u200e", "\u202eabc\u202c", "\u2066abc\u2069", "ﷺ", "ﷲ", "ﻻ", "ﺍﺐ", "۱۲۳ ١٢٣",
    "\u0600123", "\u0600\u2581", "\u06dd1", "\u061c", "ܐܒܓ", "ߒߞߏ", "؟،؛", "a\u0640b",
]

INVISIBLE = [
    "soft\u00adhyphen", "\u00ad", "zero\u200bwidth", "\u200b", "\u200b\u200b", "a\u200cb", "\u2060", "a\u2060b", "\ufeff", "\ufeffbom", "a\ufeffb", "\u2061\u2062",
    "\u206a", "\u115f\u1160", "\u3164", "\uffa0", "\u17b4", "\ufff9a\ufffa", "\ufffc", "\ufffd", "a\ufffdb", "\ufffe", "\uffff", "\U0001fffe",
    "\U0010ffff", "\ue000", "a\uf8ffb", "\U000f0000", "\u0378", "a\u0378b", "\U000e0001", "\U000e0041", "a\U000e0061b", "\U0001d173",
]

SPACES = [
    "a\u00a0b", "a\u1680b", "a\u2000b", "a\u2003b", "a\u2009b", "a\u200ab", "a\u202fb", "a\u205fb", "a\u3000b", "a\u2028b", "a\u2029b",
    "a\u0085b", "a\tb", "a\nb", "a\r\nb", "a\rb", "a\x0bb", "a\x0cb", "a\x1cb", "a\x1fb", "  a  b  ", "a" + " " * 300 + "b", "\n\n\na", "a\n\n\n",
    "¨", "a¨b", "´", "˜", "¸", "‗", "\u1361", "\u2420", "\u2423", "\u180e", "a\u00a0\u0301b", " \u0301",
]

CONTROLS = [
    "\0", "a\0b", "\x01", "a\x01b", "\x07\x08", "\x1b[31mred\x1b[0m", "\x7f", "a\x7fb", "\x80", "\x8f", "\x9f", "a\x90b", "\x1a", "a\x01 b", "\x01 ", "\0 \0",
    "`\x01`", "'\u200b'",
]

WORD_MARKS = ["▁", "▁▁", "▁a", "a▁", "a▁b", "▁▁a▁▁", "▁ ▁", "▁.", ".▁", "a▁.b", "_▁_", "\u2580\u2582"]

NUMBERS = ["0", "007", "1234567890", "3.14159", "1e-9", "10,000,000", "2004-10-17", "5:30pm", "1st 2nd 3rd", "$1.5bn", "-40", "+1", "½", "3¾", "x²", "H₂O", "٣٤"]

LONG = [
    "a" * 100, "pneumonoultramicroscopicsilicovolcanoconiosis", "ab" * 400, "é" * 300, "漢" * 600, "😀" * 600, "." * 600, "-" * 511, "a " * 509, "a " * 510,
    "a " * 511, "a b " * 400, "the quick brown fox " * 150, "x" * 5000, "a." * 300, "\u0301" * 3000, "word" + "\u200b" * 2000 + "word", "'" * 1001,
]

HUGE = [
    "Kettles sang for otters as tea rose. " * 29000, "abcdefghij" * 104858, " " * 1048576, "." * 1048576, "\u0301" * 524288, "新" * 349526,
    "''" * 524288, "a▁" * 262144,
]

SMALL = (WHITE_SPACE_ONLY + SPECIAL_TOKENS + QUOTES + PUNCTUATION + MARKS + CASE + EAST_ASIAN + EMOJI + RIGHT_TO_LEFT
         + INVISIBLE + SPACES + CONTROLS + WORD_MARKS + NUMBERS)

# Texts whose ids differ from those of transformers on purpose, with the reason.
MEANT_TO_DIFFER = {
    "<pad>": "a text never yields a special id",
    "a <pad>b": "a text never yields a special id",
    "<PAD>": "a text never yields a special id",
    "<unk>": "a text never yields a special id",
    "<Unk>": "a text never yields a special id",
    "\u1cf2": "a letter since Unicode 12; transformers' tables are of Unicode 9.0 and strip it as a mark",
    "\u1cf3": "a letter since Unicode 12; transformers' tables are of Unicode 9.0 and strip it as a mark",
    "\U000111c9": "a mark since Unicode 11, stripped as every mark; transformers' tables are of Unicode 9.0 and keep it",
}


def mixtures(count, seed):
    """Returns random strings of characters from SMALL and of plain words."""
    source = random.Random(seed)
    characters = sorted(set("".join(SMALL)))
    words = "the kettle rose 3.5 inches after U.S. bakers said ``no''".split()
    for _ in range(count):
        parts = [source.choice(characters) if source.random() < 0.7 else source.choice(words + [" "])
                 for _ in range(source.randrange(1, 30))]
        text = "".join(parts)
        if not any(different in text.lower() for different in MEANT_TO_DIFFER):
            yield text
