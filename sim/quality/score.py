"""Scores the files that `confab-sim quality` listed: PESQ (ITU-T P.862 and P.862.2), the mean of each row and column.

usage: score.py FOLDER      reads FOLDER/files.tsv, writes FOLDER/scores.tsv
"""

import sys
import wave
from collections import defaultdict
from multiprocessing import Pool
from pathlib import Path

import numpy
from pesq import pesq


def samples(path):
    with wave.open(path) as file:
        return numpy.frombuffer(file.readframes(file.getnframes()), dtype=numpy.int16).astype(float)


def score(line):
    row, through, _seed, _clip, rate, said, heard = line.rstrip("\n").split("\t")
    band = "nb" if rate == "8000" else "wb"
    return row, through, pesq(int(rate), samples(said), samples(heard), band)


def main(folder):
    scores = defaultdict(list)
    with Pool() as pool, open(folder / "files.tsv") as files:
        for row, through, value in pool.imap(score, files, chunksize=4):
            scores[row, through].append(value)
    with open(folder / "scores.tsv", "w") as out:
        for (row, through), values in scores.items():
            print(row, through, f"{numpy.mean(values):.2f}", len(values), sep="\t", file=out)


main(Path(sys.argv[1]))
