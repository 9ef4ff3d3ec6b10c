# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# memcached under its own tools and many clients at once, to the edge of its memory.
UNIT=memcached.service
STEPS="set_get large parallel expiry eviction statistics restart"
RARE=unix_socket

ready() { memcping --servers=127.0.0.1; }
prepare() { systemctl restart memcached; until_true memcping --servers=127.0.0.1; }

# ask LINE…: what the server says to these lines.
ask() { printf '%s\r\n' "$@" quit | timeout 10 nc 127.0.0.1 11211 | tr -d '\r'; }

set_get() {
    echo "a value $$" >/tmp/item
    memccp --servers=127.0.0.1 --set /tmp/item
    equals "a value $$" "$(memccat --servers=127.0.0.1 item)"
}
large() {
    head -c 900000 /dev/urandom >/tmp/large
    memccp --servers=127.0.0.1 /tmp/large
    memccat --servers=127.0.0.1 large | head -c 900000 | cmp - /tmp/large
}
parallel() { memcslap --servers=127.0.0.1 --concurrency=20 --execute-number=200 --test=set; }
expiry() {
    equals STORED "$(ask 'set brief 0 1 2' hi)"
    sleep 2.1
    equals END "$(ask 'get brief')"
}
eviction() {
    python3 - <<'PYTHON'
import socket
client = socket.create_connection(("127.0.0.1", 11211))
replies = client.makefile("rb")
for number in range(120):
    client.sendall(b"set evicted%d 0 0 900000\r\n" % number + b"x" * 900000 + b"\r\n")
    assert replies.readline() == b"STORED\r\n"
PYTHON
    [ "$(ask stats | sed -n 's/^STAT evictions //p')" -gt 0 ]
}
statistics() { memcstat --servers=127.0.0.1 | grep -q 'curr_connections'; }
restart() {
    systemctl restart memcached
    until_true memcping --servers=127.0.0.1
    set_get
}
# In place of the port.
unix_socket() {
    cp /etc/memcached.conf /tmp/memcached.conf
    echo "-s /run/memcached/memcached.sock" >>/etc/memcached.conf
    systemctl restart memcached
    until_true sh -c 'printf "version\r\nquit\r\n" | nc -U /run/memcached/memcached.sock | grep -q VERSION' || failed=1
    cp /tmp/memcached.conf /etc/memcached.conf
    systemctl restart memcached
    [ -z "${failed:-}" ]
}
