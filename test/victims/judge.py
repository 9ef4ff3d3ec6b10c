# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the results of the services come to: cells of the matrix, and faults.

An attempt counts as shut only if the control, a service without a policy, can do it; else nothing is shown here.
A cell of a grant says, attempt by attempt of its row, "opens" (shut without it, works with it), "open" (the
profile leaves it open) or "not here"; and what else works with the grant and not without it.
"""
from dataclasses import dataclass, field

from tables import EVERYBODY


@dataclass
class Cell:
    """Of one grant under one profile, systemd and identity."""
    verdicts: dict = field(default_factory=dict)  # attempt of `opens`: opens, open, not here, excepted
    beside: list = field(default_factory=list)    # other attempts that the grant opened
    shut: list = field(default_factory=list)      # attempts of `near` that stay shut
    open_near: list = field(default_factory=list)  # attempts of `near` that the profile leaves open


def ok(results, attempt):
    return results.get(attempt) == "ok"


def find_unshown(tables, results):
    """Attempts that say why a machine may not be able to show them, on one that is not."""
    return {name for name, one in tables.attempts.items() if "not_here" in one
            for of_release in results.values() for user in EVERYBODY
            if name in tables.attempts_of(user) and not ok(of_release[None, user, None], name)}


def judge_grant(tables, grant, where, control, without, with_it, faults):
    """where: (profile, systemd, user). The cell, and faults as lines."""
    profile, systemd, user = where
    at = f"{grant.allow} on {profile}, systemd {systemd}, {user}"
    cell = Cell()
    known = set(tables.attempts_of(user))

    def excepted(attempt):
        return tables.exception(grant.allow, profile, systemd, user, attempt)

    for attempt in grant.opens:
        if attempt not in known:
            continue
        if not ok(control, attempt):
            cell.verdicts[attempt] = "not here"
            if attempt not in tables.unshown:
                faults.append(f"{at}: {attempt} fails without a sandbox as well: {control.get(attempt)}")
        elif not ok(with_it, attempt):
            if excepted(attempt):
                cell.verdicts[attempt] = "excepted"
            else:
                cell.verdicts[attempt] = "fails"
                faults.append(f"{at}: {attempt} fails with the grant: {with_it.get(attempt)}")
        else:
            cell.verdicts[attempt] = "open" if ok(without, attempt) else "opens"
    for attempt in sorted(known):
        if attempt in with_it and ok(without, attempt) and not ok(with_it, attempt) and not excepted(attempt):
            faults.append(f"{at}: {attempt} fails with the grant, and works without it: {with_it.get(attempt)}")
    opened = [one for one in tables.attempts_of(user) if ok(with_it, one) and not ok(without, one)]
    cell.beside = [one for one in opened if one not in grant.opens]
    for attempt in cell.beside:
        if attempt not in grant.also and not excepted(attempt):
            faults.append(f"{at}: it opens {attempt} as well")
    for attempt in grant.near:
        if attempt not in known or not ok(control, attempt):
            continue
        if not ok(with_it, attempt):
            cell.shut.append(attempt)
        elif ok(without, attempt):
            cell.open_near.append(attempt)
    return cell


def judge_row(grant, cells, faults):
    """Over all cells of a grant: each victim was shut somewhere, each neighbour stayed shut somewhere."""
    for attempt in grant.opens:
        seen = {cell.verdicts.get(attempt) for cell in cells} - {None}
        if "opens" in seen and grant.waits:
            faults.append(f"{grant.allow}: {attempt} is opened, and the table says that the grant waits: {grant.waits}")
        if "opens" not in seen and seen != {"not here"} and not grant.waits:
            faults.append(f"{grant.allow}: {attempt} is shut nowhere without the grant")
    for attempt in grant.near:
        if not any(attempt in cell.shut for cell in cells):
            faults.append(f"{grant.allow}: {attempt}, near it, is shut nowhere")


@dataclass
class DirectiveCell:
    """Of one directive of one profile, systemd and identity: what came of each attempt that it claims to shut, in a
    service that has nothing but the directive, and under the profile: shut, left or not here. None: not written."""
    alone: dict | None
    within: dict | None


def verdict_of(cell):
    """holds, partial, not enforced, not written, or not here"""
    if cell is None:
        return "not written"
    seen = set(cell.values()) - {"not here"}
    if not seen:
        return "not here"
    return {frozenset({"shut"}): "holds", frozenset({"left"}): "not enforced"}.get(frozenset(seen), "partial")


def judge_directive(tables, row, where, control, alone, within, faults):
    """where: (profile, systemd, user). alone, within: results, or None where the directive is not written."""
    profile, systemd, user = where
    known = set(tables.attempts_of(user))

    def sort_out(results, place):
        if results is None:
            return None
        out = {}
        for attempt in row.shuts:
            if attempt not in known:
                continue
            if not ok(control, attempt):
                out[attempt] = "not here"
                if attempt not in tables.unshown:
                    faults.append(f"{row.name}, systemd {systemd}, {user}: {attempt} fails without a sandbox as well")
                continue
            out[attempt] = "left" if ok(results, attempt) else "shut"
            if out[attempt] == "left" and not tables.reason_left(row.name, place, systemd, user, attempt):
                faults.append(f"{row.name}= {'in ' if place == profile else ''}{place}, systemd {systemd}, {user}: {attempt} works all the same")
            if row.answer and out[attempt] == "shut" and results[attempt] != row.answer:
                faults.append(f"{row.name}= in {profile}, systemd {systemd}, {user}: {attempt} gives {results[attempt]}")
        return out

    return DirectiveCell(sort_out(alone, "alone"), sort_out(within, profile))
