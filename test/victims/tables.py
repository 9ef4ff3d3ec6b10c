# SPDX-License-Identifier: LGPL-2.1-or-later
"""The tables of this folder, read and checked: attempts.toml, grants.toml, and the catalogue that they are about."""
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

HERE = Path(__file__).resolve().parent
CATALOGUE = HERE.parents[1] / "catalogue"
IDENTITIES = ("root", "user")


class Fault(Exception):
    """A table is wrong: which, where and how."""


@dataclass
class Exception_:
    """Cells in which attempts go otherwise than their row says, and why."""
    attempts: list
    because: str
    grant: str = "*"
    profile: str = "*"
    systemd: str = "*"
    user: str = "*"
    met: bool = False

    def fits(self, grant, profile, systemd, user, attempt):
        pairs = ((grant, self.grant), (profile, self.profile), (str(systemd), self.systemd), (user, self.user))
        return (all(fnmatchcase(text, pattern) for text, pattern in pairs)
                and any(fnmatchcase(attempt, one) for one in self.attempts))


@dataclass
class Grant:
    """allow: the words of the policy. opens: attempts that have to work with it, and that fail without it wherever
    the profile shuts them. also: what goes along, and nothing else may. near: what has to stay shut."""
    allow: str
    opens: list
    near: list = field(default_factory=list)
    also: list = field(default_factory=list)
    no_near: str = ""
    identities: tuple = IDENTITIES

    @property
    def name(self):
        return self.allow.split(":")[0]


@dataclass
class Tables:
    attempts: dict
    grants: list
    groups: dict
    exceptions: list
    profiles: dict  # the catalogue's, by name: {directive: words}

    def attempts_of(self, user):
        return [name for name, one in self.attempts.items() if user in one.get("identities", IDENTITIES)]

    def exception(self, *where):
        for one in self.exceptions:
            if one.fits(*where):
                one.met = True
                return one
        return None


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
            out.append(kind(**row))
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
    return Tables(attempts, grants, groups, exceptions, profiles)
