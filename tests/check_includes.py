#!/usr/bin/env python3
"""Holds every #include of the project against the rooms' arrows, and names each that goes the wrong way.

A library counts for a file when the file includes it or includes a header of ours that does: torch stays out of the
server even though common/model's own headers show it.

  check_includes.py               checks this project
  check_includes.py --self_test   checks that each rule bites
"""

import argparse
import functools
import pathlib
import re
import sys
import tempfile

# Room: the rooms it may include besides itself, the libraries it may use. A file belongs to the longest name that fits.
ROOMS = {
    "proto": ([], []),
    "common/base": ([], []),
    "common/text": (["common/base"], ["sentencepiece"]),
    "common/metrics": ([], ["prometheus"]),
    "common/model": (["proto", "common/base", "common/text"], ["torch"]),
    "trainer/report": (["common/base", "common/text"], []),
    "trainer/network": (["common/base", "common/text", "common/model"], ["torch"]),
    "trainer/watch": (["proto", "common/base", "common/metrics", "trainer/report"], ["prometheus"]),
    "trainer": (["proto", "common/base", "common/text", "common/metrics", "common/model", "trainer/report",
                 "trainer/network", "trainer/watch"], ["torch", "prometheus"]),
    "server/models": (["common/base", "common/text"], []),
    "server/batching": (["common/base", "common/text", "server/models"], []),
    "server/rpc": (["proto", "common/base", "common/text", "server/models", "server/batching"], ["grpc"]),
    "server/client": (["proto", "common/base", "common/text"], ["grpc"]),
    "server": (["proto", "common/base", "common/text", "common/metrics", "common/model", "server/models", "server/batching",
                "server/rpc"], ["grpc", "prometheus"]),
}
# Tests see everything.
ROOMS["tests"] = (list(ROOMS), ["torch", "grpc", "prometheus", "sentencepiece"])

# Beginnings of includes. The generated code of a service is gRPC's as well as ours.
GENERATED = re.compile(r"(newsgenre|grpc/health|inference)/.*\.pb\.h$")
GENERATED_SERVICE = re.compile(r".*\.grpc\.pb\.h$")
LIBRARIES = {"torch/": "torch", "ATen/": "torch", "c10/": "torch", "grpcpp/": "grpc", "grpc/": "grpc",
             "prometheus/": "prometheus", "sentencepiece": "sentencepiece", "absl/": "absl"}
FREE_LIBRARIES = {"absl"}
# Quoted includes that start with none of the above, with a room or with one of these are not paths from the root.
OTHER_LIBRARIES = ("google/protobuf/", "gmock/", "gtest/", "nlohmann/", "openssl/", "benchmark/", "unicode/")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def room_of(path):
    return max((room for room in ROOMS if path.startswith(room + "/")), key=len, default=None)


def library_of(include):
    if GENERATED.match(include):
        return "grpc" if GENERATED_SERVICE.match(include) else None
    return next((library for start, library in LIBRARIES.items() if include.startswith(start)), None)


class Project:
    def __init__(self, root):
        self.root = pathlib.Path(root)
        tops = sorted({room.split("/")[0] for room in ROOMS})
        self.files = sorted(str(path.relative_to(self.root)) for top in tops for path in (self.root / top).rglob("*")
                            if path.suffix in (".h", ".cc", ".inc"))

    @functools.lru_cache(maxsize=None)
    def includes(self, path):
        """(line, quoted, what) of each #include."""
        lines = (self.root / path).read_text(encoding="utf-8").splitlines()
        matches = ((number, INCLUDE.match(line)) for number, line in enumerate(lines, 1))
        return [(number, match[1] == '"', match[2]) for number, match in matches if match]

    @functools.lru_cache(maxsize=None)
    def libraries(self, include):
        """Library: the chain of includes that brings it, from `include` on."""
        library = library_of(include)
        found = {library: include} if library else {}
        if include in self.files:
            for _, _, inner in self.includes(include):
                for name, chain in self.libraries(inner).items():
                    found.setdefault(name, f"{include} -> {chain}")
        return found

    def problems(self):
        for path in self.files:
            yield from self.problems_of(path)

    def problems_of(self, path):
        room = room_of(path)
        rooms, libraries = ROOMS[room] if room else ([], [])
        seen = {}
        for line, quoted, include in self.includes(path):
            where = f"{path}:{line}"
            target = "proto" if GENERATED.match(include) else room_of(include)
            if target and target != room and target not in rooms:
                yield f"{where}: {room} may not include {target} ({include})"
                continue
            if quoted and not target and not library_of(include) and not include.startswith(OTHER_LIBRARIES):
                yield f"{where}: {include} is not a path from the project's root, nor a library that the table knows"
            for library, chain in self.libraries(include).items():
                if library not in libraries and library not in FREE_LIBRARIES:
                    yield f"{where}: {room} may not use {library} ({chain})"
                seen.setdefault(library, (where, chain))
        if "sentencepiece" in seen and "absl" in seen:
            (where, one), (_, other) = seen["sentencepiece"], seen["absl"]
            yield f"{where}: sentencepiece and absl can't share a source file, both declare absl::string_view ({one}; {other})"


# Name: files, and the beginning of the one problem they have (None: they have none).
SELF_TESTS = [
    ("all is well", {"server/rpc/a.cc": '#include "server/batching/b.h"\n#include "grpcpp/grpcpp.h"\n',
                     "server/batching/b.h": "#include <vector>\n"}, None),
    ("a wrong arrow", {"common/text/a.cc": '\n#include "common/model/b.h"\n', "common/model/b.h": ""},
     "common/text/a.cc:2: common/text may not include common/model"),
    ("base includes nothing", {"common/base/a.h": '#include "common/text/b.h"\n', "common/text/b.h": ""},
     "common/base/a.h:1: common/base may not include common/text"),
    ("models do not know batching", {"server/models/a.h": '#include "server/batching/b.h"\n', "server/batching/b.h": ""},
     "server/models/a.h:1: server/models may not include server/batching"),
    ("server and trainer are apart", {"server/a.cc": '#include "trainer/b.h"\n', "trainer/b.h": ""},
     "server/a.cc:1: server may not include trainer"),
    ("trainer and server are apart", {"trainer/a.cc": '#include "server/b.h"\n', "server/b.h": ""},
     "trainer/a.cc:1: trainer may not include server"),
    ("nothing includes tests", {"trainer/a.cc": '#include "tests/b.h"\n', "tests/b.h": ""},
     "trainer/a.cc:1: trainer may not include tests"),
    ("tests include everything", {"tests/a.cc": '#include "trainer/b.h"\n#include "server/rpc/c.h"\n', "trainer/b.h": "",
                                  "server/rpc/c.h": ""}, None),
    ("generated code is the proto room", {"server/batching/a.h": '#include "newsgenre/v1/classifier.pb.h"\n'},
     "server/batching/a.h:1: server/batching may not include proto"),
    ("a generated service is gRPC's", {"trainer/a.cc": '#include "newsgenre/v1/classifier.grpc.pb.h"\n'},
     "trainer/a.cc:1: trainer may not use grpc"),
    ("torch directly", {"server/rpc/a.cc": "#include <ATen/ATen.h>\n"},
     "server/rpc/a.cc:1: server/rpc may not use torch (ATen/ATen.h)"),
    ("torch through a header", {"server/a.cc": '#include "common/model/b.h"\n',
                                "common/model/b.h": "#include <c10/core/Device.h>\n"},
     "server/a.cc:1: server may not use torch (common/model/b.h -> c10/core/Device.h)"),
    ("prometheus outside the programs' own files", {"server/rpc/a.cc": '#include "prometheus/gauge.h"\n'},
     "server/rpc/a.cc:1: server/rpc may not use prometheus"),
    ("sentencepiece outside text", {"common/model/a.cc": "#include <sentencepiece_processor.h>\n"},
     "common/model/a.cc:1: common/model may not use sentencepiece"),
    ("sentencepiece beside absl", {"common/text/a.cc": '#include <sentencepiece_processor.h>\n#include "common/text/b.h"\n',
                                   "common/text/b.h": '#include "absl/status/status.h"\n'},
     "common/text/a.cc:1: sentencepiece and absl can't share a source file"),
    ("a path that is not from the root", {"trainer/a.cc": '#include "b.h"\n', "trainer/b.h": ""},
     "trainer/a.cc:1: b.h is not a path from the project's root"),
]


def self_test():
    failures = 0
    for name, files, expected in SELF_TESTS:
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                (pathlib.Path(root) / path).parent.mkdir(parents=True, exist_ok=True)
                (pathlib.Path(root) / path).write_text(text, encoding="utf-8")
            problems = list(Project(root).problems())
        right = not problems if expected is None else len(problems) == 1 and problems[0].startswith(expected)
        if not right:
            failures += 1
            print(f"self-test: {name}: expected {expected}, got {problems}")
    print(f"self-test: {len(SELF_TESTS) - failures} of {len(SELF_TESTS)} passed")
    return failures == 0


def check(root):
    project = Project(root)
    problems = list(project.problems())
    for problem in problems:
        print(problem)
    print(f"{len(project.files)} files checked, {len(problems)} wrong includes")
    return bool(project.files) and not problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--self_test", action="store_true")
    root = pathlib.Path(__file__).resolve().parent.parent
    sys.exit(0 if (self_test() if parser.parse_args().self_test else check(root)) else 1)


if __name__ == "__main__":
    main()
