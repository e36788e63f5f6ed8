"""Writes docs/quality.md from what was scored: one row of ours beside the figures of others and the bar.

usage: table.py FOLDER      reads FOLDER/scores.tsv and FOLDER/delays.tsv, writes to standard output
"""

import statistics
import sys
from pathlib import Path

# What Asterisk 22.10.1 (ConfBridge: plain; with denoise and jitter buffer) and FreeSWITCH 1.11.2 (mod_conference, gate at
# 0) scored on five clips of two speakers, and what silence in place of lost packets scored on the same clips.
OTHERS = {
    "pcmu-clean": ("4.23", "4.18", "4.23", "4.22"),
    "pcmu-loss-1": ("3.60", "3.19", "3.55", "3.55"),
    "pcmu-loss-3": ("3.24", "2.57", "3.27", "3.27"),
    "pcmu-loss-5": ("2.94", "2.20", "2.94", "2.94"),
    "pcmu-loss-10": ("2.10", "1.68", "2.08", "2.10"),
    "pcmu-bursts-5": ("2.62", "2.45", "2.62", "2.62"),
    "pcmu-jitter-20": ("4.23", "4.07", "4.23", ""),
    "pcmu-jitter-60": ("1.56", "4.18", "1.56", ""),
    "pcmu-duplicates-10": ("1.56", "4.14", "1.66", ""),
    "g722-clean": ("4.11", "", "3.88", "4.34"),
    "g722-loss-5": ("2.06", "", "1.99", "2.13"),
    "opus-clean": ("3.93", "", "3.56", "4.04"),
    "opus-loss-5": ("2.19", "", "2.06", "2.18"),
}
# What a row has to reach; "clean" stands for the codec alone less 0.05, "same" for the clean row less 0.05.
BARS = {
    "pcmu-clean": "clean", "g722-clean": "clean", "opus-clean": "clean",
    "pcmu-loss-1": 3.85, "pcmu-loss-3": 3.55, "pcmu-loss-5": 3.35, "pcmu-loss-10": 2.70, "pcmu-bursts-5": 3.15,
    "g722-loss-5": 2.60, "opus-loss-5": 3.20, "pcmu-jitter-60": 4.10,
    "pcmu-duplicates-10": "same", "g722-duplicates-10": "same", "opus-duplicates-10": "same",
}
OTHER_DELAYS = {
    "pcmu-clean": ("21", "69", "28"),
    "pcmu-jitter-20": ("22", "103", "55"),
    "pcmu-jitter-60": ("69", "146", "83"),
    "pcmu-fast-625": ("+37.5 a minute", "+37.5 a minute", "+37.5 a minute"),
    "pcmu-stall-80": ("+80 for 9 s", "+0 (97)", "+60 to the end"),
    "pcmu-stalls-200": ("back at once", "worst 260, +40 at the end", "+200 to the end"),
}
IMPAIRMENTS = {
    "clean": "clean", "loss": "{} % lost", "bursts": "{} % lost in bursts of 4", "jitter": "jitter 0–{} ms",
    "duplicates": "{} % come twice", "reordered": "{} % come 30 ms late", "fast": "clock {} ppm fast",
    "slow": "clock {} ppm slow", "stall": "one stall of {} ms at 10 s", "stalls": "ten stalls of {} ms, 10–15 s",
}
CODECS = {"pcmu": "PCMU", "g722": "G.722", "opus": "Opus"}


def read(folder):
    scores, delays = {}, {}
    for line in open(folder / "scores.tsv"):
        row, through, score, _ = line.split("\t")
        scores.setdefault(row, {})[through] = float(score)
    for line in open(folder / "delays.tsv"):
        row, _seed, series = line.rstrip("\n").split("\t")
        delays.setdefault(row, []).append([float(ms) for ms in series.split()])
    return scores, delays


def title(row):
    codec, kind, *amount = row.split("-")
    return f"{CODECS[codec]}, {IMPAIRMENTS[kind].format(*amount)}"


def bar(row, scores):
    wanted = BARS.get(row)
    if wanted == "clean":
        return scores[row]["codec"] - 0.05
    if wanted == "same":
        return scores[row.split("-")[0] + "-clean"]["room"] - 0.05
    return wanted


def cell(value):
    return "" if value is None else f"{value:.2f}"


def score_line(row, scores):
    ours, wanted = scores[row], bar(row, scores)
    reached = "" if wanted is None else "yes" if ours["room"] >= round(wanted, 2) else "**no**"
    alone = [cell(ours.get(through)) for through in ("codec", "tandem", "silence", "repetition")]
    others = OTHERS.get(row, ("",) * 4)
    return [title(row), f"**{ours['room']:.2f}**", cell(wanted), reached, *alone, *others]


def delay_line(row, series):
    every = [ms for one in series for ms in one]
    last = statistics.mean(statistics.median(one[-5:]) for one in series)
    ours = [f"{statistics.median(every):.0f}", f"{max(every):.0f}", f"{last:.0f}"]
    return [title(row), *ours, *OTHER_DELAYS.get(row, ("",) * 3)]


def table(heads, lines):
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main(folder):
    scores, delays = read(folder)
    text = (Path(__file__).parent / "quality.md").read_text()
    score_heads = ["row", "confab", "bar", "reached", "codec alone", "coded twice", "silence", "repetition",
                   "Asterisk", "Asterisk, jitter buffer", "FreeSWITCH", "silence there"]
    delay_heads = ["row", "median", "worst", "at the end", "Asterisk", "Asterisk, jitter buffer", "FreeSWITCH"]
    text = text.replace("{scores}", table(score_heads, [score_line(row, scores) for row in scores]))
    print(text.replace("{delays}", table(delay_heads, [delay_line(*item) for item in delays.items()])), end="")


main(Path(sys.argv[1]))
