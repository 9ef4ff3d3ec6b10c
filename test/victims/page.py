# SPDX-License-Identifier: LGPL-2.1-or-later
"""The matrix as docs/matrix.md."""

from judge import verdict_of

HEAD = """# The matrix

What each grant really opens and each profile really shuts, as tried in guests with systemd 252 and 257. Made by
`test/victims/matrix --accept`; `test/victims/README.md` says how. Not edited by hand.
"""

GRANTS = """
## Grants

Of each attempt of a grant: **opens**, it failed under the profile alone and works with the grant; open, the profile
leaves it open; fails, it works in neither, for the reason below the table; not here, this machine cannot show it. Where
systemd versions or root and an ordinary user differ, each is named.
"""


def by_place(cells):
    """{verdict: places} as text: "opens", or "252 root: opens; …". cells: {(systemd, user): verdict}"""
    cells = {place: verdict for place, verdict in cells.items() if verdict}
    if not cells:
        return "–"
    verdicts = sorted(set(cells.values()))
    if len(verdicts) == 1:
        users = {user for _, user in cells}
        return verdicts[0] + (f" ({users.pop()} only)" if len(users) == 1 else "")
    return "; ".join(f"{places(at for at, one in cells.items() if one == verdict)}: {verdict}" for verdict in verdicts)


def places(chosen):
    chosen = sorted(chosen)
    for index in (0, 1):
        values = {place[index] for place in chosen}
        if len(values) == 1 and len(chosen) == 2:
            return str(values.pop())
    return ", ".join(f"{systemd} {user}" for systemd, user in chosen)


def table(head, rows):
    lines = ["", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def write_grants(tables, grants, cells):
    rows, beside, near = [], [], []
    for grant in grants:
        of_grant = cells[grant.allow]
        for at, attempt in enumerate(grant.opens):
            row = [f"`{grant.allow}`" if at == 0 else "", tables.attempts[attempt]["does"]]
            for profile in tables.profiles:
                row.append(by_place({(systemd, user): cell.verdicts.get(attempt)
                                     for (name, systemd, user), cell in of_grant.items() if name == profile}))
            rows.append([word.replace("opens", "**opens**") if index > 1 else word for index, word in enumerate(row)])
        for profile in tables.profiles:
            along = {}
            for (name, systemd, user), cell in of_grant.items():
                for attempt in cell.beside:
                    if name == profile:
                        along.setdefault(attempt, []).append((systemd, user))
            by_places = {}
            for attempt, where in along.items():
                by_places.setdefault("all" if len(where) == len(of_grant) // len(tables.profiles) else places(where), []).append(attempt)
            beside += [[f"`{grant.allow}`", profile, where, ", ".join(sorted(names))]
                       for where, names in sorted(by_places.items())]
        for attempt in grant.near:
            shut = sum(attempt in cell.shut for cell in of_grant.values())
            left = sum(attempt in cell.open_near for cell in of_grant.values())
            near.append([f"`{grant.allow}`", tables.attempts[attempt]["does"], str(shut), str(left)])
    text = GRANTS + table(["grant", "a service", *tables.profiles], rows)
    text += "\n### What goes along\n\nAttempts of `test/victims/attempts.toml` beside those above that work with the grant and not without it.\n"
    text += table(["grant", "profile", "systemd, user", "attempts"], beside)
    text += ("\n### What stays shut\n\nThe nearest things that a grant does not open: in how many of the cells (of profile, systemd and user) they "
             "are shut with the grant, and in how many the profile leaves them open by itself.\n")
    text += table(["grant", "a service", "shut", "open anyway"], near)
    reports = [[f"`{one.allow}`", ", ".join(one.reports), "; ".join(tables.attempts[name]["does"] for name in one.opens)]
               for one in grants if one.reports]
    text += "\n### Programs that broke without\n\nPublic reports of services that a directive broke, and the grant whose victim does the same.\n"
    text += table(["grant", "report", "a service"], reports)
    reasons = [[one.grant, ", ".join(one.attempts), " ".join(word for word in (one.profile, one.systemd, one.user) if word != "*"), one.because]
               for one in tables.exceptions]
    text += "\n### Exceptions\n" + table(["grant", "attempts", "where", "because"], reasons)
    lacking = [[name, one["does"], one["not_here"]] for name, one in tables.attempts.items() if "not_here" in one]
    text += "\n### Not shown here\n" + table(["attempt", "a service", "because"], lacking)
    return text


DIRECTIVES = """
## Directives

Of what each directive of a profile claims to shut: **holds**, all of it is shut; partial, what is left is named;
not enforced, none of it is; not written, this systemd has it not, or it would bring in what the profile spares. *Alone* is a
service that says nothing but the directive, as root or as a user with all capabilities; *in the profile* is the profile as
a whole.
"""


def write_directives(tables, cells):
    rows = []
    for at, row in enumerate(tables.directives):
        for profile in dict.fromkeys(key[1] for key in cells if key[0] == at):
            chosen = {(key[2], key[3]): cell for key, cell in cells.items() if key[:2] == (at, profile)}
            verdicts = [by_place({place: verdict_of(getattr(cell, part)) for place, cell in chosen.items()})
                        for part in ("alone", "within")]
            left = []
            for part, title in (("alone", "alone"), ("within", "in the profile")):
                by_attempts = {}
                for place, cell in chosen.items():
                    names = ", ".join(name for name, one in (getattr(cell, part) or {}).items() if one == "left")
                    if names:
                        by_attempts.setdefault(names, []).append(place)
                left += [f"{title}{'' if len(where) == len(chosen) else f' ({places(where)})'}: {names}"
                         for names, where in by_attempts.items()]
            rows.append([f"`{row.name}=`", profile, *(word.replace("holds", "**holds**") for word in verdicts), "; ".join(left)])
    text = DIRECTIVES + table(["directive", "profile", "alone", "in the profile", "left open"], rows)
    reasons = [[f"`{one.grant}=`", ", ".join(one.attempts), " ".join(word for word in (one.profile, one.systemd, one.user) if word != "*"),
                one.because] for one in tables.left]
    return text + "\n### What is left, and on which condition\n" + table(["directive", "attempts", "where", "because"], reasons)


HOLES = """
## Claims that do not hold

Tried under the settings alone: the attempts work although the claim says otherwise. strict@1 shuts them, or `harden show`
and `harden lint --notes` name the pitfall of each unit that it concerns, or both.
"""


def write(tables, grants, cells, directives, holes):
    return (HEAD + write_grants(tables, grants, cells) + write_directives(tables, directives)
            + HOLES + table(["claim", "settings", "systemd", "user", "works all the same", "strict@1", "pitfall"], holes))
