#!/usr/bin/env python3
"""Every page that a page, a setting or a binary points to is there: in the source, and where it is installed."""
import json
import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(os.environ["OFFHOOK_SOURCE"])
BUILD = pathlib.Path(os.environ["OFFHOOK_BUILD"])
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
NAMED = re.compile(r"\b(?:doc/)?[a-z0-9-]+\.md\b")
TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"')
results = []


def case(name, missing):
    results.append(not missing)
    print(f"{'not ok' if missing else 'ok'} {len(results)} - {name}")
    for what in missing:
        print(f"# missing: {what}")


def pages():
    return [SOURCE / p for p in ("README.md", "ARCHITECTURE.md", "CODING.md")] + sorted((SOURCE / "doc").glob("*.md"))


def installed():
    """source path -> place, folders opened out"""
    listed = json.loads(subprocess.run(["meson", "introspect", "--installed", BUILD], check=True, text=True,
                                       capture_output=True).stdout)
    found = {}
    for source, place in listed.items():
        source = pathlib.Path(source)
        for path in source.rglob("*") if source.is_dir() else [source]:
            found[path] = pathlib.Path(place) / path.relative_to(source) if source.is_dir() else pathlib.Path(place)
    return found


def main():
    links = {p: set(LINK.findall(p.read_text())) for p in pages()}
    case("links lead to files of the source",
         [f"{p.name}: {link}" for p in pages() for link in links[p] if not (p.parent / link).exists()])
    places = installed()
    there = set(places.values())
    case("every page is installed", [p.name for p in pages() if p not in places])
    case("installed pages link to installed files",
         [f"{p.name}: {link}" for p in pages() if p in places for link in links[p]
          if pathlib.Path(os.path.normpath(places[p].parent / link)) not in there])
    texts = [(p, p.read_text()) for p in (SOURCE / "doc/offhook.yaml", *SOURCE.glob("doc/*.[18]"))]
    texts += [(p, text) for kind in ("def", "c") for p in SOURCE.glob(f"src/**/*.{kind}") for text in TEXT.findall(p.read_text())]
    case("pages that settings and messages name are there",
         [f"{p.relative_to(SOURCE)}: {name}" for p, text in texts for name in NAMED.findall(text)
          if not (SOURCE / "doc" / pathlib.Path(name).name).exists()])
    print(f"1..{len(results)}")


if __name__ == "__main__":
    main()
