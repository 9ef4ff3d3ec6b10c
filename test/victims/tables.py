# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tables of this folder, read and checked: attempts.toml, grants.toml, and the catalogue that they are about."""
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

HERE = Path(__file__).resolve().parent
CATALOGUE = HERE.parents[1] / "catalogue"
IDENTITIES = ("root", "user")
EVERYBODY = ("root", "user", "dynamic", "lone")  # rig.py tells them apart


class Fault(Exception):
    """A table is wrong: which, where and how."""


@dataclass
class Exception_:
    """Cells in which attempts go otherwise than their row says, and why."""
    attempts: list
    because: str
    grant: str = "*"  # or the directive
    profile: str = "*"
    systemd: str = "*"
    user: str = "*"
    met: bool = False

    def fits(self, grant, profile, systemd, user, attempt):
        pairs = ((grant, self.grant), (profile, self.profile), (str(systemd), self.systemd), (user, self.user))
        return (all(fnmatchcase(text, pattern) for text, pattern in pairs)
                and any(fnmatchcase(attempt, one) for one in self.attempts))


@dataclass
class Hole:
    """What systemd claims and does not hold: open, attempts that work under the settings all the same; shut, such as
    fail there; closed, such as strict@1 shuts; said, the pitfall that `harden show` names of such a service; limit, a
    fact about a machine for which `harden compile` names the directive. prefix: of the command. answers: what some of
    the attempts give. With the identity "manager", it is a service of a user's own manager."""
    claim: str
    settings: str
    open: list = field(default_factory=list)
    shut: list = field(default_factory=list)
    closed: list = field(default_factory=list)
    said: str = ""
    limit: str = ""
    prefix: str = ""
    answers: dict = field(default_factory=dict)
    systemd: list = field(default_factory=lambda: [252, 257])
    identities: tuple = IDENTITIES


def first_fit(exceptions, where):
    for one in exceptions:
        if one.fits(*where):
            one.met = True
            return one
    return None


@dataclass
class Grant:
    """allow: the words of the policy. opens: attempts that have to work with it, and that fail without it wherever
    the profile shuts them. also: what goes along, and nothing else may. near: what has to stay shut."""
    allow: str
    opens: list
    near: list = field(default_factory=list)
    also: list = field(default_factory=list)
    no_near: str = ""
    waits: str = ""  # why no profile shuts what it opens, for now
    identities: tuple = IDENTITIES
    reports: list = field(default_factory=list)  # of programs that broke for want of it

    @property
    def name(self):
        return self.allow.split(":")[0]


@dataclass
class Together:
    """Attempts that work with a grant of each group of `of`, and with none of them alone."""
    attempts: list
    of: list
    because: str
    met: bool = False

    def explains(self, attempt, names):
        if attempt not in self.attempts or not all(any(name in names for name in group) for group in self.of):
            return False
        self.met = True
        return True


@dataclass
class Directive:
    """name: in the profiles. shuts: attempts that it claims to. with_: directives that mean something only together,
    written beside it. answer: what each of the attempts has to give."""
    name: str
    shuts: list
    with_: list = field(default_factory=list)
    profiles: list = field(default_factory=list)  # all that set it, if empty
    identities: tuple = IDENTITIES
    answer: str = ""
    note: str = ""


@dataclass
class Tables:
    attempts: dict
    grants: list
    groups: dict
    exceptions: list
    together: list
    profiles: dict  # the catalogue's, by name: {directive: words}
    directives: list = field(default_factory=list)
    left: list = field(default_factory=list)  # what directives leave open, as exceptions
    holes: list = field(default_factory=list)
    unshown: set = field(default_factory=set)  # attempts that this machine cannot show

    def attempts_of(self, user):
        kind = user if user in ("root", "lone") else "user"
        return [name for name, one in self.attempts.items() if kind in one.get("identities", IDENTITIES)]

    def unmet(self, rows):
        """Exceptions and the like that no cell is like, although this machine could show it."""
        return [one for one in rows if not one.met and not set(one.attempts) <= self.unshown]

    def places(self, grant):
        """(profile, user) of all its services. Under the tightest profile everybody has the grant."""
        tightest = list(self.profiles)[-1]
        return [(profile, user) for profile in self.profiles for user in EVERYBODY
                if profile == tightest or user in grant.identities]

    def runs(self, names, user):
        """A list for services: (attempt, victim and words)."""
        known = self.attempts_of(user)
        return [(name, self.attempts[name]["run"]) for name in dict.fromkeys(names) if name in known]

    def runs_of(self, grants, user):
        """All that the rows of these grants speak of."""
        return self.runs([name for one in grants for name in (*one.opens, *one.also, *one.near)], user)

    def exception(self, *where):
        return first_fit(self.exceptions, where)

    def reason_left(self, *where):
        return first_fit(self.left, where)


def profiles_of(tables, row):
    """The profiles that set the directive, and that the row is about."""
    return [name for name, settings in tables.profiles.items()
            if row.name in settings and name in (row.profiles or [name])]


def read(path):
    with open(path, "rb") as file:
        try:
            table = tomllib.load(file)
        except tomllib.TOMLDecodeError as error:
            raise Fault(f"{path}: {error}") from None
    if table.pop("schema", None) != 1:
        raise Fault(f"{path}: schema has to be 1")
    return table


def rows(path, table, kind, key):
    out = []
    for row in table.get(key, []):
        try:
            out.append(kind(**{name + "_" * (name == "with"): value for name, value in row.items()}))
        except TypeError as error:
            raise Fault(f"{path}: [[{key}]] {next(iter(row.values()), '')}: {error}") from None
    return out


def load():
    attempts = read(HERE / "attempts.toml")["attempts"]
    for name, one in attempts.items():
        if set(one) - {"run", "does", "identities", "not_here", "after"} or not {"run", "does"} <= set(one):
            raise Fault(f"attempts.toml: {name}: it takes run, does, identities, not_here and after")
    path = HERE / "grants.toml"
    table = read(path)
    groups = table.get("groups", {})
    grants = rows(path, table, Grant, "grant")
    exceptions = rows(path, table, Exception_, "except")
    for one in grants:
        one.also = [name for word in one.also for name in (groups[word[1:]]["attempts"] if word[0] == "@" else [word])]
        for name in (*one.opens, *one.also, *one.near):
            if name not in attempts:
                raise Fault(f"{path}: {one.allow}: there is no attempt {name}")
        if not one.near and not one.no_near:
            raise Fault(f"{path}: {one.allow}: what stays shut near it? Or no_near, and why")
    known = {row["name"] for row in read(CATALOGUE / "grants.toml")["grant"]}
    if missing := known - {one.name for one in grants}:
        raise Fault(f"{path}: no row for {', '.join(sorted(missing))}")
    profiles = {row["name"]: row["settings"] for row in read(CATALOGUE / "profiles.toml")["profile"]}
    directives, left = load_directives(attempts, profiles)
    return Tables(attempts, grants, groups, exceptions, rows(path, table, Together, "together"), profiles, directives, left, load_holes(attempts))


def load_holes(attempts):
    path = HERE / "holes.toml"
    holes = rows(path, read(path), Hole, "hole")
    pitfalls = {row["id"] for row in read(CATALOGUE / "pitfalls.toml")["pitfall"]}
    for one in holes:
        for name in (*one.open, *one.shut, *one.closed):
            if name not in attempts:
                raise Fault(f"{path}: {one.claim}: there is no attempt {name}")
        if one.said and one.said not in pitfalls:
            raise Fault(f"{path}: {one.claim}: there is no pitfall {one.said}")
        if not (one.open or one.shut):
            raise Fault(f"{path}: {one.claim}: what shows it?")
        if not (one.closed or one.said or one.shut or one.limit):
            raise Fault(f"{path}: {one.claim}: strict@1 shuts it (closed), or harden names it (said)")
    return holes


def load_directives(attempts, profiles):
    path = HERE / "directives.toml"
    table = read(path)
    directives = rows(path, table, Directive, "directive")
    for one in directives:
        for name in one.shuts:
            if name not in attempts:
                raise Fault(f"{path}: {one.name}: there is no attempt {name}")
    for profile, settings in profiles.items():
        for name in settings:
            if not any(one.name == name and profile in (one.profiles or [profile]) for one in directives):
                raise Fault(f"{path}: no row for {name} of {profile}")
    return directives, rows(path, table, Exception_, "left")
