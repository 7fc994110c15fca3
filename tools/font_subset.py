"""Make static/vendor/portal-sans.woff2 from Source Sans 3 (upright, variable).

    python tools/font_subset.py SourceSans3VF-Upright.ttf static/vendor/portal-sans.woff2

The source is the file VF/SourceSans3VF-Upright.ttf in the release of Source Sans 3.052
(npm package source-sans 3.52.0). It needs fontTools and brotli, which the portal itself
does not: the result is committed.

What was chosen
- Upright only; the weight axis is kept, limited to 400-700 (text and headings).
- Letters: Latin, Latin-1 and the Latin Extended-A but for a few old or Esperanto letters
  (Swedish, Finnish, Polish, Romanian, Turkish, Czech, North, Lule and South Saami); the letters of standard
  Romani spelling that lie outside it (ǎ ě ǐ ǒ ǔ, ʒ ǯ θ); Skolt and Inari Saami (ǥ ǧ ǩ ǯ ʹ);
  Romanian ș ț; ʔ; and the combining accents, so that a letter without a form of its own
  (ǩ, ṽ) is still put together in the same typeface.
- Signs: quotation marks, dashes, bullet, ellipsis, arrows, tick, euro, minus, times.
- Features: kerning, accents on letters, local forms, tabular figures. No small capitals,
  no alternates.
- No hinting: modern screens do not use it.

The licence (SIL Open Font License 1.1) reserves the name "Source" for the original, and a
subset is a modified version: so the result is called "Portal Sans", in the file and in CSS.
The copyright notice and the licence text stay in the font.
"""

import argparse
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

FAMILY = "Portal Sans"
LARGEST = 35 * 1024

UNUSED = set("ĈĉĜĝĤĥĴĵŜŝĿŀŉĸſĲĳŔŕ¤¦¨ª¬¯µ¶¸¹º¼¾")
TEXT = "ǎĚěǏǐǑǒǓǔǍƷʒǮǯΘθʔǤǥǦǧǨǩʹʼȘșȚțƏə‐‑–—‘’‚“”„…•‹›′″€−×←→↑↓✓"
CODES = {
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),
    0x300,
    0x301,
    0x302,
    0x303,
    0x304,
    0x306,
    0x307,
    0x308,
    0x30A,
    0x30C,
    0x323,
    0x326,
    0x327,
    0x328,
    *map(ord, TEXT),
} - set(map(ord, UNUSED))
FEATURES = ["kern", "mark", "ccmp", "locl", "tnum"]
# Must be in the result: a word may not fall into a second typeface half way.
NEEDED = "åäöÅÄÖéüøæǎčšžćźśńđʒǯθřʔŋǧŧáâîıİğşșțăłżąęőű“”’–—…•→←✓"


def rename(font: TTFont) -> None:
    """Give the font its own name; keep copyright and licence."""
    names = font["name"]
    for record in list(names.names):
        if record.nameID not in (0, 13, 14):
            names.removeNames(nameID=record.nameID)
    words = {
        1: FAMILY,
        2: "Regular",
        3: f"3.052;{FAMILY.replace(' ', '')}",
        4: FAMILY,
        5: "Version 3.052; subset",
        6: FAMILY.replace(" ", ""),
        16: FAMILY,
    }
    for name_id, text in words.items():
        names.setName(text, name_id, 3, 1, 0x409)
    weight = font["fvar"].axes[0]
    weight.axisNameID = names.addMultilingualName({"en": "Weight"}, mac=False)


def make(source: Path, target: Path) -> None:
    font = TTFont(source)
    options = subset.Options()
    options.layout_features = FEATURES
    options.hinting = False
    options.notdef_outline = True
    options.glyph_names = False
    options.drop_tables += ["DSIG", "MVAR", "STAT", "GDSP", "meta"]
    options.name_IDs = ["*"]
    maker = subset.Subsetter(options)
    maker.populate(unicodes=CODES)
    maker.subset(font)
    font = instancer.instantiateVariableFont(font, {"wght": (400, 400, 700)})
    font["fvar"].instances = []
    rename(font)
    font.flavor = "woff2"
    font.save(target)

    have = TTFont(target).getBestCmap()
    missing = [c for c in NEEDED if ord(c) not in have]
    size = target.stat().st_size
    print(f"{target}: {size} bytes, {len(have)} characters")
    if missing:
        sys.exit(f"missing letters: {' '.join(missing)}")
    if size > LARGEST:
        sys.exit(f"larger than {LARGEST} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    arguments = parser.parse_args()
    make(arguments.source, arguments.target)
