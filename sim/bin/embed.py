#!/usr/bin/env python3
"""embed.py FILE NAME OUT: writes FILE as the C array NAME, for pages that a binary carries."""
import sys

source, name, out = sys.argv[1:]
data = open(source, "rb").read()
with open(out, "w", encoding="ascii") as f:
    f.write("static unsigned char %s[] = {\n" % name)
    for i in range(0, len(data), 16):
        f.write("\t" + " ".join("%d," % b for b in data[i : i + 16]) + "\n")
    f.write("};\n")
