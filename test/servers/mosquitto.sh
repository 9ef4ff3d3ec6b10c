# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# mosquitto with passwords, TLS, messages that are kept over a restart, and its log.
UNIT=mosquitto.service
STEPS="publish retained tls refused wildcard large parallel log reload persistence"
RARE=bridge

ready() { publish; }
prepare() {
    certificate /etc/mosquitto/workload mosquitto
    cp /etc/mosquitto/workload.crt /tmp/mosquitto.crt
    rm -f /etc/mosquitto/users
    mosquitto_passwd -b -c /etc/mosquitto/users tester secret
    chown mosquitto /etc/mosquitto/users
    cat >/etc/mosquitto/conf.d/workload.conf <<'CONF'
listener 1883
listener 8883
certfile /etc/mosquitto/workload.crt
keyfile /etc/mosquitto/workload.key
allow_anonymous false
password_file /etc/mosquitto/users
autosave_interval 2
CONF
    systemctl restart mosquitto
    until_true publish
}

with() { command=$1; shift; timeout 20 "mosquitto_$command" -h 127.0.0.1 -u tester -P secret "$@"; }
heard() {
    topic=$1
    shift
    rm -f /tmp/heard
    with sub -t "$topic" -C 1 -W 10 >/tmp/heard &
    for _ in 1 2 3 4 5 6 7 8; do  # until it has subscribed
        "$@"
        [ ! -s /tmp/heard ] || break
        sleep 0.3
    done
    wait
}
publish() {
    heard news with pub -t news -m "news $$"
    equals "news $$" "$(cat /tmp/heard)"
}
retained() {
    with pub -r -t kept -m "kept $$"
    equals "kept $$" "$(with sub -t kept -C 1 -W 5)"
}
tls() {
    mosquitto_pub -h localhost -p 8883 --cafile /tmp/mosquitto.crt -u tester -P secret -r -t secure -m "secure $$"
    equals "secure $$" "$(with sub -t secure -C 1 -W 5)"
}
refused() { ! mosquitto_pub -h 127.0.0.1 -u tester -P wrong -t x -m x 2>/dev/null; }
wildcard() {
    heard 'deep/#' with pub -q 2 -t deep/er/topic -m "deep $$"
    equals "deep $$" "$(cat /tmp/heard)"
}
large() {
    head -c 500000 /dev/zero | tr '\0' x >/tmp/message
    with pub -r -t large -f /tmp/message
    equals 500000 "$(with sub -N -t large -C 1 -W 5 | wc -c)"
}
parallel() {
    for number in 1 2 3 4 5 6 7 8; do with pub -q 1 -r -t "many/$number" -m "$$" & done
    wait
    equals 8 "$(with sub -t 'many/#' -C 8 -W 5 | grep -cx $$)"
}
log() { until_true grep -q "tester" /var/log/mosquitto/mosquitto.log; }
reload() {
    mosquitto_passwd -b /etc/mosquitto/users "user$$" other
    systemctl reload mosquitto
    sleep 0.5
    mosquitto_pub -h 127.0.0.1 -u "user$$" -P other -t x -m x
}
persistence() {
    retained
    systemctl restart mosquitto
    until_true sh -c "timeout 5 mosquitto_sub -h 127.0.0.1 -u tester -P secret -t kept -C 1 -W 2 | grep -q 'kept $$'"
}
# To another broker, at an address that nobody has: what counts is the attempt.
bridge() {
    timeout 30 nc -l 127.0.0.1 1999 >/tmp/bridged &
    printf 'connection far\naddress 127.0.0.1:1999\ntopic # out\n' >/etc/mosquitto/conf.d/bridge.conf
    systemctl restart mosquitto || failed=1
    until_true grep -q MQTT /tmp/bridged || failed=1
    rm /etc/mosquitto/conf.d/bridge.conf
    systemctl restart mosquitto
    [ -z "${failed:-}" ]
}
