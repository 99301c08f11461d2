"""Describes the processor of this machine. Programs compute the same bits on machines with the same description."""

import hashlib
import pathlib


def describe():
    """Returns the model and a hash of the instruction sets, in one line."""
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n", maxsplit=1)[0].splitlines()
    fields = {name.strip(): value.strip() for name, value in (line.split(":", 1) for line in lines if ":" in line)}
    flags = hashlib.sha256(" ".join(sorted(fields["flags"].split())).encode()).hexdigest()[:16]
    return (f"{fields['model name']}, family {fields['cpu family']}, model {fields['model']}, "
            f"SHA-256 of the flags {flags}")


if __name__ == "__main__":
    print(describe())
