# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# haproxy in front of two servers, with TLS, health checks, its administrative socket, and a reload.
UNIT=haproxy.service
STEPS="page tls balance statistics failover parallel logged reload restart"
RARE=another_port

ready() { page; }
prepare() {
    certificate /etc/haproxy/workload
    cat /etc/haproxy/workload.crt /etc/haproxy/workload.key >/etc/haproxy/workload.pem
    chmod 600 /etc/haproxy/workload.pem
    [ -e /etc/haproxy/haproxy.cfg.packaged ] || cp /etc/haproxy/haproxy.cfg /etc/haproxy/haproxy.cfg.packaged
    { cat /etc/haproxy/haproxy.cfg.packaged; cat <<'CONF'; } >/etc/haproxy/haproxy.cfg
frontend workload
    bind :8000
    bind :8443 ssl crt /etc/haproxy/workload.pem
    stats enable
    stats uri /statistics
    default_backend servers
backend servers
    option httpchk GET /name
    server one 127.0.0.1:8181 check inter 200
    server two 127.0.0.1:8182 check inter 200
CONF
    for port in 8181 8182; do
        mkdir -p /srv/$port
        echo "server $port" >/srv/$port/name
        echo "a page" >/srv/$port/page
        serve $port /srv/$port
    done
    until_true curl -sS http://127.0.0.1:8182/name
    systemctl restart haproxy
    until_true page
}

command() { echo "$1" | nc -NU /run/haproxy/admin.sock; }
page() { equals "a page" "$(curl -sS http://127.0.0.1:8000/page)"; }
tls() { equals "a page" "$(curl -sSk https://127.0.0.1:8443/page)"; }
balance() {
    for _ in 1 2 3 4 5 6; do curl -sS http://127.0.0.1:8000/name; done | sort -u >/tmp/names
    equals 2 "$(wc -l </tmp/names)"
}
statistics() {
    curl -sS 'http://127.0.0.1:8000/statistics;csv' | grep -q '^servers,one'
    command 'show info' | grep -q '^Uptime'
}
failover() {
    command 'disable server servers/one' >/dev/null
    for _ in 1 2 3 4; do curl -sS http://127.0.0.1:8000/name; done | sort -u >/tmp/names
    command 'enable server servers/one' >/dev/null
    equals "server 8182" "$(cat /tmp/names)"
}
parallel() {
    ab -q -n 1000 -c 20 http://127.0.0.1:8000/page >/tmp/ab
    grep -q "Complete requests: *1000" /tmp/ab && ! grep -q "Non-2xx" /tmp/ab
}
# By the socket of rsyslog in the folder that it changes its root to.
logged() {
    curl -sS "http://127.0.0.1:8000/page?logged-$$" >/dev/null
    until_true grep -q "logged-$$" /var/log/haproxy.log
}
reload() {
    sed -i "/stats enable/i\    http-request return status 200 content-type text/plain string \"reloaded $$\" if { path /reloaded }" /etc/haproxy/haproxy.cfg
    systemctl reload haproxy
    until_true sh -c "curl -sS http://127.0.0.1:8000/reloaded | grep -q 'reloaded $$'"
    sed -i '/path \/reloaded/d' /etc/haproxy/haproxy.cfg
    systemctl reload haproxy
    until_true page
}
restart() {
    systemctl restart haproxy
    until_true page
    tls
}
# A service that is added later.
another_port() {
    cp /etc/haproxy/haproxy.cfg /tmp/haproxy.cfg
    printf 'frontend later\n    bind :8001\n    default_backend servers\n' >>/etc/haproxy/haproxy.cfg
    systemctl reload haproxy || failed=1
    until_true curl -sSf http://127.0.0.1:8001/page || failed=1
    cp /tmp/haproxy.cfg /etc/haproxy/haproxy.cfg
    systemctl restart haproxy
    [ -z "${failed:-}" ]
}
