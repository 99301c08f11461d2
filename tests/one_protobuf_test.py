#!/usr/bin/env python3
"""Checks that each program contains exactly one copy of protobuf.

LibTorch, sentencepiece and gRPC can each bring their own copy. Two copies in one process crash before main or corrupt
memory, depending on the link order. Therefore this test checks the symbols:
  one_protobuf_test.py --torch=LIB... --sentencepiece=ARCHIVE... PROGRAM...
"""

import argparse
import re
import subprocess
import sys
import unittest

NAMESPACE = "6google8protobuf"  # google::protobuf in a mangled name
# Instances of standard library templates with protobuf types: weak symbols with the same code in every user.
OF_STD = re.compile(r"_Z(Z?N|NK|TVN?|TIN?|TSN?)?St")
arguments = None


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def symbols(path, *options):
    """Returns the protobuf symbols that nm lists, as {name: type letter}."""
    found = {}
    for line in run("nm", *options, path).splitlines():
        fields = line.split()
        if len(fields) >= 2 and NAMESPACE in fields[-1] and not OF_STD.match(fields[-1]):
            found[fields[-1].split("@")[0]] = fields[-2]
    return found


def loaded_libraries(program):
    """Returns the libraries that the loader would map, as {soname: path}."""
    return dict(re.findall(r"^\s*(\S+) => (\S+)", run("ldd", program), re.MULTILINE))


def protobuf_of(program):
    return {name: path for name, path in loaded_libraries(program).items() if name.startswith("libprotobuf")}


class OneProtobufTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        path = next(iter(protobuf_of(arguments.programs[0]).values()))
        cls.protobuf = symbols(path, "-D", "--defined-only")

    def test_the_shared_library_exports_protobuf(self):
        self.assertGreater(len(self.protobuf), 1000)

    def test_torch_neither_exports_nor_imports_protobuf_symbols(self):
        for library in arguments.torch:
            with self.subTest(library):
                self.assertEqual(sorted(self.protobuf.keys() & symbols(library, "-D", "--defined-only").keys()), [])
                self.assertEqual(sorted(self.protobuf.keys() & symbols(library, "-D", "--undefined-only").keys()), [])

    def test_sentencepiece_does_not_define_protobuf_symbols(self):
        # Weak symbols are inline functions from protobuf's headers, with the same code in every user.
        for archive in arguments.sentencepiece:
            with self.subTest(archive):
                own = {name for name, kind in symbols(archive, "--defined-only").items() if kind in "TDBR"}
                self.assertEqual(sorted(self.protobuf.keys() & own), [])

    def test_each_program_loads_one_protobuf(self):
        for program in arguments.programs:
            with self.subTest(program):
                self.assertEqual(len(protobuf_of(program)), 1, protobuf_of(program))

    def test_no_program_defines_protobuf_functions(self):
        for program in arguments.programs:
            with self.subTest(program):
                own = {name for name, kind in symbols(program, "--defined-only").items() if kind == "T"}
                self.assertEqual(sorted(self.protobuf.keys() & own), [])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--torch", nargs="+", required=True)
    parser.add_argument("--sentencepiece", nargs="+", required=True)
    parser.add_argument("programs", nargs="+")
    arguments = parser.parse_args()
    unittest.main(argv=sys.argv[:1], verbosity=2)
