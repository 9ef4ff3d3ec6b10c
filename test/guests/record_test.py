#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""harden record of a unit, under the package: from before its start, through a reload, to its stop; each need with the
command that it comes from, and nothing of what systemd itself does in the unit's control group.

  record_test.py --package DIR --release 12|13     DIR: where make-deb left the package
"""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True
import guests  # noqa: E402
import machines  # noqa: E402

SESSION = """
systemctl stop caddy 2>/dev/null || :
systemctl start nginx
# A container, as far as control groups go: it has a unit of the same name.
decoy() {
    mkdir -p /sys/fs/cgroup/container.service/payload/nginx.service
    sh -c 'echo $PPID' >/sys/fs/cgroup/container.service/payload/nginx.service/cgroup.procs
    cat /etc/hostname >/dev/null
}
(sleep 3; (decoy); sleep 2; curl -s http://127.0.0.1/ >/dev/null; systemctl reload nginx; sleep 1; systemctl stop nginx) &
timeout 60 harden record nginx --restart --until-stopped -o /root/nginx.jsonl || exit $?
wait
cat /root/nginx.jsonl
"""
# (fields of the need, phase, command)
WANTED = (
    ({"need": "bind", "family": "AF_INET", "port": 80, "result": "ok"}, "start", "ExecStartPre"),
    ({"need": "file", "access": "read", "path": "/etc/nginx/nginx.conf"}, "start", "ExecStartPre"),
    ({"need": "file", "access": "write", "path": "/var/log/nginx/access.log"}, "start", None),
    ({"need": "file", "access": "read", "path": "/run/nginx.pid"}, "reload", None),
    ({"need": "file", "access": "execute", "path": "/usr/sbin/start-stop-daemon"}, "stop", "ExecStop"),
    ({"need": "peer", "action": "accept", "address": "127.0.0.1", "port": 80}, "steady", None),
    ({"need": "identity", "what": "user", "id": 33}, "start", "ExecStart"),
    ({"need": "capability", "name": "CAP_NET_BIND_SERVICE", "during": "bind", "result": "ok"}, "start", None),
    ({"need": "capability", "name": "CAP_SETUID", "during": "setuid", "call": "succeeded"}, "start", None),
)

# From what was kept of the unit to its policy, and what another would have refused.
POLICY = """
set +e; exec 2>&1
mkdir -p /var/lib/harden/recordings/nginx.service
cp /root/nginx.jsonl /var/lib/harden/recordings/nginx.service/
systemctl start nginx
(sleep 3; curl -s http://127.0.0.1/ >/dev/null; systemctl reload nginx) &
harden apply nginx --profile=strict@1 --watch=8s; echo "watched: $?"
wait
echo "enforced: $(systemctl show -P ProtectSystem nginx)"
ls /var/lib/harden/recordings/nginx.service | grep -c '^watch-'
harden suggest nginx --apply >/dev/null; echo "refused: $?"
harden suggest nginx --apply --dangerous --check='curl -sf http://127.0.0.1/ >/dev/null'; echo "applied: $?"
echo "now: $(systemctl show -P ProtectSystem nginx)"
"""
SAID = ("watched: 1", "enforced: no", "needs would be refused", "refused: 2", "switch-user leaves next to nothing shut", "applied: 0", "now: strict")


def test(guest, systemd, deb, faults):
    guest.install([deb])
    done = guest.shell(SESSION)
    lines = [json.loads(line) for line in done.splitlines() if line.startswith("{")]
    source = next(line["source"] for line in lines if "source" in line)
    for field in ("start_seen", "reload_seen", "stop_seen", "stopped_ms"):
        if not source.get(field):
            faults.append(f"the recording has no {field}")
    if source.get("lost") or source.get("systemd") != str(systemd) or source.get("sandbox"):
        faults.append(f"lost {source.get('lost')}, systemd {source.get('systemd')}, sandbox {source.get('sandbox')}")
    needs = [line for line in lines if "need" in line]
    for wanted, phase, command in WANTED:
        found = [one for one in needs if all(one.get(k) == v for k, v in wanted.items())]
        if not any(phase in seen.get("phases", []) for one in found for seen in one["seen"]):
            faults.append(f"not recorded in phase {phase}: {wanted}")
        elif command and not any(seen.get("exec_line") == command for one in found for seen in one["seen"]):
            faults.append(f"not of {command}: {found}")
    # PID 1 mounts, unshares and drops capabilities before the exec; nginx does none of it.
    for one in needs:
        if one.get("path") == "/etc/hostname":
            faults.append(f"a unit of the same name elsewhere was recorded: {one}")
        if one["need"] in ("mount", "namespace") or one.get("name") in ("CAP_SYS_ADMIN", "mount", "unshare"):
            faults.append(f"systemd's own work was recorded: {one}")
    done = guest.shell(POLICY)
    faults += [f"the way to a policy does not say {text!r}: {done[-2000:]}" for text in SAID if text not in done]


if __name__ == "__main__":
    sys.exit(machines.run_test(test, "daemons"))
