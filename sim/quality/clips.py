"""Cuts the packaged recordings into the clips that are scored: 16 kHz, one channel, 16 bits, 6 to 11 s each."""

import sys
import wave
from pathlib import Path

RATE = 16000
# Each clip is one or more recordings of one speaker, with a short pause between them.
CLIPS = {
    "reader-1": ["librivox/sense_and_sensibility_01_austen_64kb-0870.wav"],
    "reader-2": [
        "librivox/sense_and_sensibility_01_austen_64kb-0880.wav",
        "librivox/sense_and_sensibility_01_austen_64kb-0890.wav",
    ],
    "reader-3": [
        "librivox/sense_and_sensibility_01_austen_64kb-0930.wav",
        "librivox/sense_and_sensibility_01_austen_64kb-0920.wav",
    ],
    "caller-1": ["goforward.raw", "numbers.raw", "something.raw"],
    "greeter-1": ["hello16000.wav"],
}
PAUSE = bytes(2 * RATE // 4)


def samples(path: Path) -> bytes:
    if path.suffix == ".raw":
        return path.read_bytes()
    with wave.open(str(path)) as file:
        assert file.getparams()[:3] == (1, 2, RATE), path
        return file.readframes(file.getnframes())


def main(recordings: Path, clips: Path) -> None:
    found = {"/".join(path.parts[-depth:]): path for path in recordings.rglob("*.*") for depth in (1, 2)}
    for name, parts in CLIPS.items():
        with wave.open(str(clips / f"{name}.wav"), "wb") as file:
            file.setparams((1, 2, RATE, 0, "NONE", ""))
            file.writeframes(PAUSE.join(samples(found[part]) for part in parts))


main(Path(sys.argv[1]), Path(sys.argv[2]))
