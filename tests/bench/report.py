"""Reporting for all benchmarks: the machine, medians and spreads, goals, tables, and build/bench/NAME.json.

    samples = [{"what": "ours", "round": 0, "seconds": 1.25, "texts": 16}, …]      any dicts; all are written
    goals = [report.goal("texts a second against the best peer", 1.31, 1.2),
             report.goal_not_applicable("bf16 …", 0.75, "the processor has no bf16 instructions")]
    print(report.table(["what", "texts/s"], [["ours", report.spread([13.0, 13.1, 12.9])]]))
    report.write("engine", samples=samples, goals=goals, quick=False)
"""

import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "build" / "bench"
STARTED = time.monotonic()

# Instruction sets that determine the speed of matrix products, with their names in /proc/cpuinfo.
FLAGS = {"AVX2": "avx2", "AVX-512": "avx512f", "AVX-512 BF16": "avx512_bf16", "AVX-512 VNNI": "avx512_vnni",
         "AVX VNNI": "avx_vnni", "AMX BF16": "amx_bf16", "AMX INT8": "amx_int8"}
NATIVE_BF16 = {"AVX-512 BF16", "AMX BF16"}


def _first_value(path, key):
    """Returns the value of the first line `key : value` of a file, or an empty string."""
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def machine(packages=()):
    """Describes the processor, the CPUs that this process can use, and the versions of the Python packages."""
    cpu_flags = set(_first_value("/proc/cpuinfo", "flags").split())
    family, model = (_first_value("/proc/cpuinfo", key) for key in ("cpu family", "model"))
    return {
        "processor": f"{_first_value('/proc/cpuinfo', 'model name')}, family {family}, model {model}",
        "cpus": len(os.sched_getaffinity(0)),
        "flags": [name for name, flag in FLAGS.items() if flag in cpu_flags],
        "memory": _first_value("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in packages},
    }


def has_native_bf16(description):
    return bool(NATIVE_BF16 & set(description["flags"]))


def progress(what):
    """Prints the seconds since the start of the program and the next step."""
    print(f"[{time.monotonic() - STARTED:5.0f} s] {what}", flush=True)


def summary(values):
    """Returns the median and the quartiles. The quartiles of a single value are the value."""
    median = statistics.median(values)
    q1, _, q3 = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else (median,) * 3
    return {"median": median, "q1": q1, "q3": q3, "count": len(values)}


def number(value):
    """Formats a number with at least three significant digits: 0.123, 1.23, 12.3, 123, 12345."""
    if value == 0:
        return "0"
    digits = max(0, 3 - len(str(int(abs(value)))))
    return f"{value:.{digits + 1 if abs(value) < 1 else digits}f}"


def spread(values):
    """Formats the median, and the quartiles if there are several values: 12.3 (12.1-12.6)."""
    s = summary(values)
    quartiles = f" ({number(s['q1'])}-{number(s['q3'])})" if s["count"] > 1 else ""
    return number(s["median"]) + quartiles


def paired_ratios(ours, theirs):
    """Returns ours[key] / theirs[key] for each common key (a round, or a round and its texts), sorted by key."""
    return [ours[key] / theirs[key] for key in sorted(ours.keys() & theirs.keys())]


def goal(name, value, limit, at_most=False, **rest):
    """Returns a goal and whether it is met: the exact value must be at least, or at most, `limit`."""
    return {"name": name, "value": value, "goal": limit, "at_most": at_most,
            "met": value <= limit if at_most else value >= limit, **rest}


def goal_missed(name, limit, reason):
    """Returns a goal that is not met because the measured program does not run."""
    return {"name": name, "value": None, "goal": limit, "met": False, "reason": reason}


def goal_not_applicable(name, limit, reason):
    """Returns a goal that cannot be measured on this machine."""
    return {"name": name, "value": None, "goal": limit, "met": None, "reason": reason}


def table(header, rows):
    """Formats a table with columns as wide as needed. All columns except the first are right-aligned."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip()
             for row in cells]
    return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:]])


def goals_table(goals):
    def verdict(entry):
        if entry["met"] is None:
            return f"not applicable: {entry['reason']}"
        if entry["met"]:
            return "met"
        return f"NOT MET: {entry['reason']}" if "reason" in entry else "NOT MET"

    def limit(entry):
        return ("≤ " if entry.get("at_most") else "≥ ") + number(entry["goal"])

    # Four digits show that a value is just short of its goal.
    rows = [[entry["name"], "-" if entry["value"] is None else f"{entry['value']:.4g}", limit(entry), verdict(entry)]
            for entry in goals]
    return table(["goal", "value", "limit", "verdict"], rows)


def git_commit():
    """Returns the current commit, with "+" if files differ from it, or an empty string outside a repository."""
    result = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty=+", "--abbrev=12", "--exclude=*"],
                            capture_output=True, text=True, check=False)
    return result.stdout.strip()


def write(name, *, samples, goals, machine, folder=OUT, **rest):
    """Prints the goals and writes folder/NAME.json: date, commit, machine, goals, `rest` and all samples."""
    print(f"\n{goals_table(goals)}")
    report = {
        "benchmark": name,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": git_commit(),
        "machine": machine,
        "goals": goals,
        **rest,
        "samples": samples,
    }
    path = pathlib.Path(folder) / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    temporary.replace(path)
    print(f"\nall samples are in {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}")
    return report
