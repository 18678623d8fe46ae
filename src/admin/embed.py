#!/usr/bin/env python3
"""embed.py OUT FOLDER FILE...: writes the files as C arrays for assets.h, plain and packed.

Their names are their paths below FOLDER."""
import gzip
import hashlib
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".ico": "image/x-icon",
}


def array(name, data):
    body = ",\n".join(", ".join(str(b if b < 128 else b - 256) for b in data[i:i + 24]) for i in range(0, len(data), 24))
    return f"static const char {name}[] = {{\n{body}\n}};"


out, rows = [], []
folder = pathlib.Path(sys.argv[2]).resolve()
for n, name in enumerate(sys.argv[3:]):
    path = pathlib.Path(name).resolve()
    data = path.read_bytes()
    packed = gzip.compress(data, 9, mtime=0)
    out += [array(f"data_{n}", data), array(f"packed_{n}", packed)]
    etag = hashlib.sha256(data).hexdigest()[:20]
    rows.append(f'\t{{ "{path.relative_to(folder).as_posix()}", "{TYPES[path.suffix]}",\n'
                f'\t  {{ "\\"{etag}\\"", data_{n}, sizeof(data_{n}) }},\n'
                f'\t  {{ "\\"{etag}-gzip\\"", packed_{n}, sizeof(packed_{n}) }} }},')
pathlib.Path(sys.argv[1]).write_text(
    '#include "admin/assets.h"\n\n' + "\n".join(out) + "\n\nconst struct asset assets[] = {\n" +
    "\n".join(rows) + "\n};\nconst size_t assets_n = sizeof(assets) / sizeof(assets[0]);\n")
