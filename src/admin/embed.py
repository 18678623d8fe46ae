#!/usr/bin/env python3
"""embed.py OUT FILE...: writes the files as C arrays for assets.h, with types and entity tags."""
import hashlib
import pathlib
import sys

TYPES = {
    ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".ico": "image/x-icon",
}
out, rows = [], []
for n, name in enumerate(sys.argv[2:]):
    path = pathlib.Path(name)
    data = path.read_bytes()
    body = ",\n".join(", ".join(str(b if b < 128 else b - 256) for b in data[i:i + 24]) for i in range(0, len(data), 24))
    out.append(f"static const char data_{n}[] = {{\n{body}\n}};")
    etag = hashlib.sha256(data).hexdigest()[:20]
    rows.append(f'\t{{ "{path.name}", "{TYPES[path.suffix]}", "\\"{etag}\\"", data_{n}, sizeof(data_{n}) }},')
pathlib.Path(sys.argv[1]).write_text(
    '#include "admin/assets.h"\n\n' + "\n".join(out) + "\n\nconst struct asset assets[] = {\n" +
    "\n".join(rows) + "\n};\nconst size_t assets_n = sizeof(assets) / sizeof(assets[0]);\n")
