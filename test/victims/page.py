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
        users = sorted({user for _, user in cells})
        return verdicts[0] + ("" if {"root", "user"} <= set(users) else f" ({', '.join(users)} only)")
    return "; ".join(f"{places([at for at, one in cells.items() if one == verdict], cells)}: {verdict}" for verdict in verdicts)


def places(chosen, among):
    """Users by name where both versions agree, versions by number where all users do, and the rest one by one."""
    systemds, users = ({place[at] for place in among} for at in (0, 1))
    whole_users = [one for one in sorted(users) if all((systemd, one) in chosen for systemd in systemds)]
    rest = [place for place in chosen if place[1] not in whole_users]
    whole = [one for one in sorted(systemds) if all((one, user) in chosen for user in users)]
    if whole:
        whole_users = []
        rest = [place for place in chosen if place[0] not in whole]
    return ", ".join([*map(str, whole), *whole_users, *(f"{systemd} {user}" for systemd, user in sorted(rest))])


def table(head, rows):
    lines = ["", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def opens_table(tables, grants, cells, chosen):
    rows = []
    for grant in grants:
        for at, attempt in enumerate(one for one in grant.opens if one in chosen):
            row = [f"`{grant.allow}`" if at == 0 else "", tables.attempts[attempt]["does"]]
            for profile in tables.profiles:
                row.append(by_place({(systemd, user): cell.verdicts.get(attempt)
                                     for (name, systemd, user), cell in cells[grant.allow].items() if name == profile}))
            rows.append([word.replace("opens", "**opens**") if index > 1 else word for index, word in enumerate(row)])
    return table(["grant", "a service", *tables.profiles], rows)


def along_table(tables, grants, cells, chosen):
    rows = []
    for grant in grants:
        for profile in tables.profiles:
            among = [(systemd, user) for name, systemd, user in cells[grant.allow] if name == profile and user != "lone"]
            along = {}
            for (name, systemd, user), cell in cells[grant.allow].items():
                for attempt in cell.beside:
                    if name == profile and attempt in chosen:
                        along.setdefault(attempt, []).append((systemd, user))
            by_places = {}
            for attempt, where in along.items():
                by_places.setdefault("all" if len(where) == len(among) else places(where, among), []).append(attempt)
            rows += [[f"`{grant.allow}`", profile, where, ", ".join(sorted(names))]
                     for where, names in sorted(by_places.items())]
    return table(["grant", "profile", "systemd, user", "attempts"], rows)


def near_table(tables, grants, cells, chosen):
    rows = []
    for grant in grants:
        for attempt in grant.near:
            if attempt in chosen:
                shut, left = (sum(attempt in part for part in parts) for parts in zip(
                    *((cell.shut, cell.open_near) for cell in cells[grant.allow].values())))
                rows.append([f"`{grant.allow}`", tables.attempts[attempt]["does"], str(shut), str(left)])
    return table(["grant", "a service", "shut", "open anyway"], rows)


def write_grants(tables, grants, cells, chosen):
    text = GRANTS + opens_table(tables, grants, cells, chosen)
    text += "\n### What goes along\n\nAttempts of `test/victims/attempts.toml` beside those above that work with the grant and not without it.\n"
    text += along_table(tables, grants, cells, chosen)
    text += ("\n### What stays shut\n\nThe nearest things that a grant does not open: in how many of the cells (of profile, systemd and user) they "
             "are shut with the grant, and in how many the profile leaves them open by itself.\n")
    text += near_table(tables, grants, cells, chosen)
    reports = [[f"`{one.allow}`", ", ".join(one.reports), "; ".join(tables.attempts[name]["does"] for name in one.opens)]
               for one in grants if one.reports]
    text += "\n### Programs that broke without\n\nPublic reports of services that a directive broke, and the grant whose victim does the same.\n"
    text += table(["grant", "report", "a service"], reports)
    reasons = [[one.grant, ", ".join(one.attempts), " ".join(word for word in (one.profile, one.systemd, one.user) if word != "*"), one.because]
               for one in tables.exceptions]
    return text + "\n### Exceptions\n" + table(["grant", "attempts", "where", "because"], reasons)


DIRECTIVES = """
## Directives

Of what each directive of a profile claims to shut: **holds**, all of it is shut; partial, what is left is named;
not enforced, none of it is; not written, this systemd has it not, or it would bring in what the profile spares. *Alone* is a
service that says nothing but the directive, as root or as a user with all capabilities; *in the profile* is the profile as
a whole.
"""


def directives_table(tables, cells, chosen):
    rows = []
    for at, row in enumerate(tables.directives):
        if not any(name in chosen for name in row.shuts):
            continue
        for profile in dict.fromkeys(key[1] for key in cells if key[0] == at):
            of_profile = {(key[2], key[3]): cell for key, cell in cells.items() if key[:2] == (at, profile)}
            verdicts, left = [], []
            for part, title in (("alone", "alone"), ("within", "in the profile")):
                parts = {place: None if cell is None or getattr(cell, part) is None
                         else {name: one for name, one in getattr(cell, part).items() if name in chosen}
                         for place, cell in of_profile.items()}
                verdicts.append(by_place({place: verdict_of(one) for place, one in parts.items()}))
                by_attempts = {}
                for place, one in parts.items():
                    names = ", ".join(name for name, what in (one or {}).items() if what == "left")
                    if names:
                        by_attempts.setdefault(names, []).append(place)
                left += [f"{title}{'' if len(where) == len(of_profile) else f' ({places(where, of_profile)})'}: {names}"
                         for names, where in by_attempts.items()]
            rows.append([f"`{row.name}=`", profile, *(word.replace("holds", "**holds**") for word in verdicts), "; ".join(left)])
    return table(["directive", "profile", "alone", "in the profile", "left open"], rows)


def write_directives(tables, cells, chosen):
    text = DIRECTIVES + directives_table(tables, cells, chosen)
    reasons = [[f"`{one.grant}=`", ", ".join(one.attempts), " ".join(word for word in (one.profile, one.systemd, one.user) if word != "*"),
                one.because] for one in tables.left]
    return text + "\n### What is left, and on which condition\n" + table(["directive", "attempts", "where", "because"], reasons)


HOLES = """
## Claims that do not hold

Tried under the settings alone: the attempts work although the claim says otherwise. strict@1 shuts them, or `harden show`
and `harden lint --notes` name the pitfall of each unit that it concerns, or both.
"""


def holes_table(rows):
    return table(["claim", "settings", "systemd", "user", "works all the same", "strict@1", "pitfall"], rows)


def write_apart(tables, grants, cells, directives, holes, reason, accepted):
    """What a machine of which the reason is true cannot show; it keeps what was accepted on another one."""
    names = {name for name, one in tables.attempts.items() if one.get("not_here") == reason}
    title = f"\n## Not shown where {reason}\n"
    if names & tables.unshown:
        _, found, rest = accepted.partition(title)
        return title + rest.partition("\n## ")[0] if found else ""
    text = "\nSuch a machine keeps what was accepted here.\n\n"
    text += "\n".join(f"* `{name}`: a service {tables.attempts[name]['does']}" for name in tables.attempts if name in names) + "\n"
    text += opens_table(tables, grants, cells, names) + along_table(tables, grants, cells, names)
    text += directives_table(tables, directives, names) + holes_table(holes)
    return title + text


def write(tables, grants, cells, directives, holes, accepted):
    """holes: rows, by the attempts that they are about. accepted: the page as it is."""
    reasons = dict.fromkeys(one["not_here"] for one in tables.attempts.values() if "not_here" in one)
    chosen = {name for name, one in tables.attempts.items() if "not_here" not in one}
    def rows_about(names):
        return [row for about, row in holes if set(about) <= names]
    text = HEAD + write_grants(tables, grants, cells, chosen) + write_directives(tables, directives, chosen)
    text += HOLES + holes_table(rows_about(chosen))
    for reason in reasons:
        names = {name for name, one in tables.attempts.items() if one.get("not_here") == reason}
        text += write_apart(tables, grants, cells, directives, [row for about, row in holes if set(about) & names], reason, accepted)
    return text
