# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# unbound for its own names and for those that another server knows, over UDP, TCP and TLS.
UNIT=unbound.service
STEPS="own_name forwarded over_tcp over_tls cached parallel statistics own_name_added reload restart"
RARE=log_file

ready() { own_name; }
prepare() {
    certificate /etc/unbound/workload unbound
    cat >/etc/unbound/unbound.conf.d/workload.conf <<'CONF'
server:
    interface: 127.0.0.1@53
    interface: 127.0.0.1@853
    tls-port: 853
    tls-service-key: /etc/unbound/workload.key
    tls-service-pem: /etc/unbound/workload.crt
    do-not-query-localhost: no
    domain-insecure: "elsewhere.test"
    local-zone: "test." nodefault
    local-zone: "here.test." static
    local-data: "name.here.test. A 192.0.2.1"
forward-zone:
    name: "elsewhere.test"
    forward-addr: 127.0.0.1@5399
remote-control:
    control-enable: yes
    control-interface: /run/unbound.ctl
CONF
    cat >/usr/local/bin/names <<'PYTHON'
import socket
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 5399))
while True:
    query, peer = server.recvfrom(4096)
    end = query.index(b"\0", 12) + 5
    is_address = query[end - 4:end - 2] == b"\0\1"
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\2" if is_address else b""
    server.sendto(query[:2] + b"\x85\x80\0\1" + (b"\0\1" if answer else b"\0\0") + b"\0\0\0\0" + query[12:end] + answer, peer)
PYTHON
    systemctl stop workload-names 2>/dev/null || :
    systemd-run --quiet --collect --unit=workload-names python3 /usr/local/bin/names
    systemctl restart unbound
    until_true own_name
}

look() { dig +short +tries=2 +time=3 @127.0.0.1 "$@"; }
own_name() { equals 192.0.2.1 "$(look name.here.test)"; }
forwarded() { equals 192.0.2.2 "$(look "a$$.elsewhere.test")"; }
over_tcp() { equals 192.0.2.2 "$(look +tcp "t$$.elsewhere.test")"; }
over_tls() { equals 192.0.2.1 "$(look +tls -p 853 name.here.test)"; }
cached() {
    look "cached$$.elsewhere.test" >/dev/null
    unbound-control dump_cache | grep -q "cached$$.elsewhere.test"
}
parallel() {
    for round in 1 2 3 4; do
        (for number in $(seq 25); do look "p$number-$round-$$.elsewhere.test"; done >/tmp/answers.$round) &
    done
    wait
    equals 100 "$(cat /tmp/answers.? | grep -c '^192.0.2.2')"
}
statistics() { unbound-control stats_noreset | grep -q '^total.num.queries=[1-9]'; }
own_name_added() {
    unbound-control local_data "added.here.test. A 192.0.2.3" >/dev/null
    equals 192.0.2.3 "$(look added.here.test)"
}
reload() {
    echo 'server: local-data: "reloaded.here.test. A 192.0.2.4"' >/etc/unbound/unbound.conf.d/reloaded.conf
    systemctl reload unbound
    until_true sh -c "dig +short @127.0.0.1 reloaded.here.test | grep -qx 192.0.2.4"
    rm /etc/unbound/unbound.conf.d/reloaded.conf
    systemctl reload unbound
    until_true own_name
}
restart() {
    systemctl restart unbound
    until_true own_name
}
# In place of the journal.
log_file() {
    install -d -o unbound -g unbound /var/log/unbound
    printf 'server:\n    logfile: /var/log/unbound/unbound.log\n    log-queries: yes\n' >/etc/unbound/unbound.conf.d/log.conf
    systemctl restart unbound || failed=1
    look "logged$$.elsewhere.test" >/dev/null || failed=1
    until_true grep -q "logged$$" /var/log/unbound/unbound.log || failed=1
    rm /etc/unbound/unbound.conf.d/log.conf
    systemctl restart unbound
    [ -z "${failed:-}" ]
}
