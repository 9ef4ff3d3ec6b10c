# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# radicale, a calendar server in Python: users with passwords, calendars and address books, changed from several sides.
UNIT=radicale.service
STEPS="refused calendar event report address_book move deleted parallel log restart"
RARE=hook

ready() { curl -sS http://127.0.0.1:5232/; }
prepare() {
    htpasswd -bcm /etc/radicale/users tester secret 2>/dev/null
    chmod 640 /etc/radicale/users
    chgrp radicale /etc/radicale/users
    cat >/etc/radicale/config <<'CONF'
[server]
hosts = 0.0.0.0:5232
[auth]
type = htpasswd
htpasswd_filename = /etc/radicale/users
htpasswd_encryption = md5
delay = 0
[storage]
filesystem_folder = /var/lib/radicale/collections
[logging]
level = info
CONF
    for folder in lib cache; do install -d -o radicale -g radicale /var/$folder/radicale /var/$folder/radicale/collections; done
    systemctl restart radicale
    until_true curl -sS http://127.0.0.1:5232/
    at tester/calendar/ -X DELETE >/dev/null
    at tester/people/ -X DELETE >/dev/null
    at tester/calendar/ -X MKCALENDAR
    at tester/people/ -X MKCOL -H 'Content-Type: text/xml' --data '<D:mkcol xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>'
}

at() { path=$1; shift; curl -sS -u tester:secret "http://127.0.0.1:5232/$path" "$@"; }
code() { at "$@" -o /dev/null -w '%{http_code}'; }
put_event() {
    printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:workload\r\nBEGIN:VEVENT\r\nUID:%s\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260102T100000Z\r\nDTEND:20260102T110000Z\r\nSUMMARY:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n' "$1" "$1" |
        at "tester/calendar/$1.ics" -X PUT -H 'Content-Type: text/calendar' --data-binary @- -o /dev/null -w '%{http_code}'
}
refused() { equals 401 "$(curl -sS -u tester:wrong -o /dev/null -w '%{http_code}' -X PROPFIND http://127.0.0.1:5232/tester/)"; }
calendar() { at tester/ -X PROPFIND -H 'Depth: 1' | grep -q '/tester/calendar/'; }
event() {
    equals 201 "$(put_event "event$$")"
    at "tester/calendar/event$$.ics" | grep -q "SUMMARY:event$$"
}
report() {
    put_event "found$$" >/dev/null
    at tester/calendar/ -X REPORT -H 'Depth: 1' -H 'Content-Type: text/xml' --data '<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><D:getetag/><C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="20260101T000000Z" end="20260201T000000Z"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>' | grep -q "SUMMARY:found$$"
}
address_book() {
    printf 'BEGIN:VCARD\r\nVERSION:3.0\r\nUID:card%s\r\nFN:Name\r\nN:Name;;;;\r\nEND:VCARD\r\n' $$ >/tmp/card
    equals 201 "$(code "tester/people/card$$.vcf" -X PUT -H 'Content-Type: text/vcard' --data-binary @/tmp/card)"
}
move() {
    put_event "moved$$" >/dev/null
    equals 201 "$(code "tester/calendar/moved$$.ics" -X MOVE -H "Destination: http://127.0.0.1:5232/tester/calendar/there$$.ics")"
}
deleted() {
    put_event "brief$$" >/dev/null
    equals 200 "$(code "tester/calendar/brief$$.ics" -X DELETE)"
    equals 404 "$(code "tester/calendar/brief$$.ics")"
}
parallel() {
    for number in 1 2 3 4 5 6 7 8; do put_event "many$$-$number" >/tmp/code.$number & done
    wait
    equals 201201201201201201201201 "$(cat /tmp/code.?)"
}
log() { journalctl -u radicale -n 50 | grep -q 'PUT request'; }
restart() {
    put_event "kept$$" >/dev/null
    systemctl restart radicale
    until_true curl -sS http://127.0.0.1:5232/
    at "tester/calendar/kept$$.ics" | grep -q "SUMMARY:kept$$"
}
# That it runs after each change.
hook() {
    sed -i '/^filesystem_folder/a hook = echo %(user)s >>/var/lib/radicale/collections/changes' /etc/radicale/config
    systemctl restart radicale
    until_true curl -sS http://127.0.0.1:5232/
    put_event "hooked$$" >/dev/null || failed=1
    grep -q tester /var/lib/radicale/collections/changes || failed=1
    sed -i '/^hook/d' /etc/radicale/config
    systemctl restart radicale
    [ -z "${failed:-}" ]
}
