# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# redis with clients in parallel, both kinds of persistence, and what its configuration command writes.
UNIT=redis-server.service
STEPS="set_get parallel subscribe lua snapshot append_only rewrite_config log persistence"
RARE=replica

ready() { [ PONG = "$(redis-cli ping)" ]; }
prepare() { systemctl restart redis-server; }

set_get() {
    redis-cli set key works >/dev/null
    equals works "$(redis-cli get key)"
}
parallel() { redis-benchmark -q -n 5000 -c 20 -t set,get,lpush,incr | grep -c 'requests per second' | grep -qx 4; }
subscribe() {
    timeout 5 redis-cli subscribe channel >/tmp/heard &
    until_true sh -c 'redis-cli publish channel news | grep -qx 1'
    until_true grep -q news /tmp/heard
}
lua() { equals 42 "$(redis-cli eval 'return 6*7' 0)"; }
snapshot() {
    before=$(redis-cli lastsave)
    sleep 1
    redis-cli bgsave >/dev/null
    until_true sh -c "[ \$(redis-cli lastsave) -gt $before ]"
}
append_only() {
    redis-cli config set appendonly yes >/dev/null
    redis-cli bgrewriteaof >/dev/null
    until_true sh -c 'redis-cli info persistence | grep -q "aof_last_bgrewrite_status:ok"'
    # The status is `ok` before the first rewrite has begun, too.
    until_true sh -c 'ls /var/lib/redis/appendonlydir/*.manifest /var/lib/redis/appendonly*'
    redis-cli config set appendonly no >/dev/null
}
rewrite_config() {
    redis-cli config set maxclients 1234 >/dev/null
    equals OK "$(redis-cli config rewrite)"
    grep -q '^maxclients 1234' /etc/redis/redis.conf
}
log() { tail -n 50 /var/log/redis/redis-server.log | grep -q "DB saved on disk\|Background saving"; }
persistence() {
    redis-cli set kept "$$" >/dev/null
    systemctl restart redis-server
    until_true sh -c 'redis-cli ping | grep -q PONG'
    equals "$$" "$(redis-cli get kept)"
}
# Of another server, which it has to connect to.
replica() {
    systemctl stop workload-master 2>/dev/null || :
    systemd-run --quiet --collect --unit=workload-master redis-server --port 6380 --save '' --dir /tmp \
        --repl-diskless-sync-delay 0
    until_true redis-cli -p 6380 set copied "$$"
    redis-cli replicaof 127.0.0.1 6380 >/dev/null
    until_true sh -c "redis-cli get copied | grep -qx $$" || failed=1
    redis-cli replicaof no one >/dev/null
    systemctl stop workload-master
    [ -z "${failed:-}" ]
}
