# SPDX-License-Identifier: LGPL-2.1-or-later
"""Policies of several grants. Some are random, by a fixed seed; more are made until every two grants that say
something of the same directive have met in one of them. In the sum everything works that works with one of its
grants, and nothing else but what [[together]] of grants.toml explains."""
import itertools
import random

from judge import ok
from rig import Service

SEED, RANDOM, LARGEST = 6, 200, 8


def touched(texts):
    """{grant: directives whose lines it changes}, of {grant or None: settings of the same profile}."""
    def lines(text):
        found = {}
        for line in text.splitlines():
            found.setdefault(line.split("=")[0], []).append(line)
        return found

    bare = lines(texts[None])
    out = {}
    for grant, text in texts.items():
        if grant is not None:
            own = lines(text)
            out[grant] = {name for name in {*bare, *own} if bare.get(name) != own.get(name)}
    return out


def choose(grants, touched_by):
    """The policies, each a tuple of grants; always the same ones."""
    chance = random.Random(SEED)
    policies = [tuple(sorted(chance.sample(grants, chance.randint(2, LARGEST)))) for _ in range(RANDOM)]
    met = {pair for policy in policies for pair in itertools.combinations(policy, 2)}
    left = [pair for pair in itertools.combinations(sorted(grants), 2)
            if touched_by[pair[0]] & touched_by[pair[1]] and pair not in met]
    while left:
        policy, rest = set(left[0]), left[1:]
        for pair in rest:
            if len(policy | set(pair)) <= LARGEST + 4:
                policy |= set(pair)
        policies.append(tuple(sorted(policy)))
        met = set(itertools.combinations(policies[-1], 2))
        left = [pair for pair in left if pair not in met]
    return policies


def plan(tables, grants, compiler, systemd, texts):
    """{("sum", number): service}, their places, {number: (profile, user, grants)}, and lists of attempts: all that the
    rows of the grants speak of. Most are under the tightest profile."""
    words = [grant.allow for grant in grants if grant.identities != ("lone",) and "lone" not in grant.identities]
    policies = choose(words, touched(texts))
    profiles = list(tables.profiles)
    places = {at: (profiles[at % 6] if at % 6 < len(profiles) else profiles[-1], ("root", "user")[at // 6 % 2], policy)
              for at, policy in enumerate(policies)}
    made = compiler.compile_all([(profile, systemd, user, policy) for profile, user, policy in places.values()])
    row_of = {grant.allow: grant for grant in grants}
    services, lists = {}, {}
    for at, (profile, user, policy) in places.items():
        lists[f"sum-{at}"] = tables.runs_of([row_of[grant] for grant in policy], user)
        services["sum", at] = Service(user, made[profile, systemd, user, policy], attempts=f"sum-{at}")
    return services, places, lists


def judge(tables, places, systemd, results, faults):
    """How many attempts worked and stayed shut in all sums."""
    opened = shut = 0
    for at, (profile, user, policy) in places.items():
        result = results["sum", at]
        alone = [results[profile, user, None], *(results[profile, user, grant] for grant in policy)]
        names = {grant.split(":")[0] for grant in policy} | set(policy)
        where = f"{' '.join(policy)} on {profile}, systemd {systemd}, {user}"
        for attempt in result:
            by_one = any(ok(one, attempt) for one in alone)
            if by_one and not ok(result, attempt):
                faults.append(f"{where}: {attempt} fails in the sum: {result.get(attempt)}")
            elif ok(result, attempt) and not by_one and not any(one.explains(attempt, names) for one in tables.together):
                faults.append(f"{where}: {attempt} works in the sum and with none of them alone")
            opened += ok(result, attempt)
            shut += not ok(result, attempt)
    return opened, shut
