"""The sentences of the daemon: those of said.def, and those that are written where something is refused, whose
rows must be there."""
import re

STRING = r'"((?:[^"\\]|\\.)*)"'
# functions that refuse something in words
SAYS = {"src/admin/**/*.c": "respond_problem", "src/daemon/*.c": "admin_refuse|admin_refuse_with|refuse|refused|refuse_person|put_fault",
        "src/proto/conf/*.c": "conf_errors_add|conf_errors_warn|reader_refuse|reader_warn|refuse_row|refuse"}
ELSEWHERE = ("src/daemon/webhooks_request.c", "src/proto/conf/tree.c")  # answered to machines; YAML, which the console does not write
# a problem's title, which no page shows: by function and how many arguments it has
TITLES = {("respond_problem", 4): 2, ("admin_refuse", 5): 3, ("admin_refuse_with", 6): 3, ("refuse", 5): 3, ("refused", 4): 2}
# files whose every sentence goes out as a text of its own
WHOLE = ("src/daemon/setup.c", "src/admin/alarms_look.c", "src/source/sip/view.c", "src/source/csta/view.c", "src/source/ami/view.c",
         "src/source/freeswitch/freeswitch.c", "src/source/uplink.c", "src/source/csta/profile.c", "src/source/ami/write.c")


# pieces that are put together there, and what only the log has
PIECES = ("s until the last is sent", "reading the profile: SUBSCRIBE to presence", "do not disturb: SUBSCRIBE to as-feature-event", "%s%s refused (%u %s)",
          "%swriting the profile: PUBLISH refused (%u %s)", "%s: %u %s", "the pbx has no ", "the account lacks the right to ", "api show channels", "api show registrations", "%s port %u",
          "a profile word that is in no row of profiles; offhook capture shows it", "the profile's end %.*s is no instant such as 2026-11-24T14:00:00Z")


def table(source):
    text = re.sub(r'"\s*\n\s*"', "", (source / "src/admin/said.def").read_text())
    return {code: sentence.replace('\\"', '"') for code, sentence in re.findall(rf"^SAID\({STRING},\s*{STRING}\)", text, re.M)}


def calls(text, names):
    """The arguments of each call, but a title."""
    for m in re.finditer(rf"(?<![\w.>])({names})\(", text):
        depth, at, quoted, cuts = 1, m.end(), False, [m.end()]
        while depth:
            c = text[at]
            if c == "\\":
                at += 1
            elif c == '"':
                quoted = not quoted
            elif not quoted:
                depth += (c in "({[") - (c in ")}]")
                if c == "," and depth == 1:
                    cuts.append(at + 1)
            at += 1
        arguments = [text[a:b - 1] for a, b in zip(cuts, cuts[1:] + [at])]
        title = TITLES.get((m.group(1), len(arguments)))
        yield ",".join(a for i, a in enumerate(arguments) if i != title)


def literals(arguments):
    joined = re.sub(r'"\s*(?:PRI\w+\s*)?"', "", arguments)
    return [s.replace('\\"', '"') for s in re.findall(STRING, joined)]


def bare(path):
    return re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)


def written(source):
    """Where, and what: sentences of three words and more."""
    found = [(name, bare(source / name)) for name in WHOLE]
    for pattern, names in SAYS.items():
        for path in sorted(source.glob(pattern)):
            where = path.relative_to(source).as_posix()
            if where not in ELSEWHERE:
                found += [(where, arguments) for arguments in calls(bare(path), names)]
    for where, text in found:
        for s in literals(text):
            if len(s.split()) >= 3 and re.match(r"[a-zA-Z%]", s) and not re.search(r"\\[nr]", s):
                yield where, s


def expression(sentence):
    return re.compile("".join(".+" if re.fullmatch(r"\{\d\}", p) else re.escape(p) for p in re.split(r"(\{\d\})", sentence)), re.S)


def known(rows, said):
    return any(r.fullmatch(said) for r in rows) or said.count(": ") == 1 and known(rows, said.split(": ")[0] + ":")


def unknown(source):
    rows = [expression(s) for s in table(source).values()]
    missing = []
    for where, s in written(source):
        said = re.sub(r"%(?:\.\*|\.\d+)?(?:ll|z)?[sdu]", "7", s).replace("%%", "%")
        if s not in PIECES and not known(rows, said) and not all(known(rows, c) for c in said.split("; ")):
            missing.append(f"{where}: {s}")
    return missing
