# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# rsyslog for this machine and, over UDP and TCP, for others; a file for each program, and a server that it forwards to.
UNIT=rsyslog.service
STEPS="own remote_udp remote_tcp file_per_program burst forward rotate restart"
RARE=program

ready() { own; }
prepare() {
    cat >/etc/rsyslog.d/workload.conf <<'CONF'
module(load="imudp")
module(load="imtcp")
input(type="imudp" port="514")
input(type="imtcp" port="514")
template(name="by_program" type="string" string="/var/log/programs/%programname%.log")
if $programname startswith "workload" then action(type="omfile" dynaFile="by_program")
if $programname == "forwarded" then action(type="omfwd" target="127.0.0.1" port="5514" protocol="tcp"
    queue.type="LinkedList" queue.filename="forwarded" queue.saveOnShutdown="on" action.resumeRetryCount="-1"
    action.resumeInterval="1")
CONF
    systemctl restart rsyslog
    until_true own
}

own() {
    logger -t workload-own "own $$"
    until_true grep -q "own $$" /var/log/syslog
}
remote_udp() {
    logger -d -n 127.0.0.1 -P 514 -t workload-udp "udp $$"
    until_true grep -q "udp $$" /var/log/syslog
}
remote_tcp() {
    logger -T -n 127.0.0.1 -P 514 -t workload-tcp "tcp $$"
    until_true grep -q "tcp $$" /var/log/syslog
}
file_per_program() {
    logger -t "workload-$$" "of its own"
    until_true grep -q "of its own" "/var/log/programs/workload-$$.log"
}
burst() {
    seq 1000 | sed "s/^/burst $$ /" | logger -t workload-burst
    until_true sh -c "[ \$(grep -c 'burst $$' /var/log/programs/workload-burst.log) = 1000 ]"
}
# While nobody listens they wait in the queue, in its files over a restart.
forward() {
    logger -t forwarded "early $$"
    sleep 1
    systemctl restart rsyslog
    timeout 30 nc -lk 127.0.0.1 5514 >/tmp/forwarded &
    until_true grep -q "early $$" /tmp/forwarded
    logger -t forwarded "late $$"
    until_true grep -q "late $$" /tmp/forwarded
    kill $!
}
rotate() {
    mv /var/log/syslog /var/log/syslog.1
    if [ -x /usr/lib/rsyslog/rsyslog-rotate ]; then /usr/lib/rsyslog/rsyslog-rotate; else systemctl kill -s HUP rsyslog; fi
    sleep 0.5
    own
}
restart() {
    systemctl restart rsyslog
    own
    remote_udp
}
# One that it hands its messages to.
program() {
    printf '#!/bin/sh\nwhile read -r line; do echo "$line" >>/var/log/programs/by-program.log; done\n' >/usr/local/bin/take-messages
    chmod 755 /usr/local/bin/take-messages
    printf 'module(load="omprog")\nif $programname == "handed" then action(type="omprog" binary="/usr/local/bin/take-messages")\n' >/etc/rsyslog.d/zz-program.conf
    systemctl restart rsyslog
    logger -t handed "handed over $$"
    until_true grep -q "handed over $$" /var/log/programs/by-program.log || failed=1
    rm /etc/rsyslog.d/zz-program.conf
    systemctl restart rsyslog
    [ -z "${failed:-}" ]
}
