# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# postfix for this machine's users and, by a relay, for others: SMTP with and without TLS, the sendmail command, bounces,
# the queue.
# An instance of a template before Debian 13.
UNIT=$(if systemctl cat postfix.service | grep -q ExecStart=/bin/true; then echo postfix@-.service; else echo postfix.service; fi)
STEPS="deliver over_tls by_command alias forward relay bounce large parallel queue reload restart"
RARE=pipe

ready() { greets; }
prepare() {
    id tester >/dev/null 2>&1 || useradd --create-home --shell /bin/sh tester
    id other >/dev/null 2>&1 || useradd --create-home --shell /bin/sh other
    id away >/dev/null 2>&1 || useradd --create-home --shell /bin/sh away
    echo other@mail.test >/home/away/.forward
    chown away /home/away/.forward
    certificate /etc/postfix/workload
    cat >/usr/local/bin/relay <<'PYTHON'
import socketserver
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.say("220 relay")
        while line := self.rfile.readline():
            word = line.split()[:1]
            if word == [b"DATA"]:
                self.say("354 go on")
                with open("/tmp/relayed", "ab") as out:
                    while (line := self.rfile.readline()) not in (b".\r\n", b""):
                        out.write(line)
                self.say("250 taken")
            elif word == [b"QUIT"]:
                return self.say("221 bye")
            else:
                self.say("250 relay")
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
Server(("127.0.0.1", 2525), Handler).serve_forever()
PYTHON
    systemctl stop workload-relay 2>/dev/null || :
    systemd-run --quiet --collect --unit=workload-relay python3 /usr/local/bin/relay
    postconf -e mydestination=localhost,mail.test myhostname=mail.test relayhost=[127.0.0.1]:2525 \
        inet_interfaces=loopback-only smtpd_tls_cert_file=/etc/postfix/workload.crt \
        smtpd_tls_key_file=/etc/postfix/workload.key smtpd_tls_security_level=may smtp_tls_security_level=may \
        message_size_limit=20000000 alias_maps=hash:/etc/aliases
    printf 'postmaster: root\nteam: tester, other\n' >/etc/aliases
    newaliases
    systemctl restart "$UNIT"
    until_true greets
}

greets() { nc -w 2 127.0.0.1 25 </dev/null | grep -q '^220'; }
# send WORD TO [--tls] [SIZE]
send() {
    python3 - "$@" <<'PYTHON'
import smtplib, ssl, sys
word, to, *options = sys.argv[1:]
with smtplib.SMTP("127.0.0.1", 25, timeout=20) as client:
    if "--tls" in options:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client.starttls(context=context)
    size = next((int(one) for one in options if one.isdigit()), 10)
    client.sendmail("sender@mail.test", [to], f"Subject: {word}\r\n\r\n" + ("x" * 70 + "\r\n") * (size // 72 + 1))
PYTHON
}
arrived() { until_true grep -q "Subject: $1" "/var/mail/${2:-tester}"; }

deliver() { send "plain-$$" tester@mail.test; arrived "plain-$$"; }
over_tls() { send "tls-$$" tester@mail.test --tls; arrived "tls-$$"; }
by_command() {
    printf 'Subject: command-%s\n\nhello\n' $$ | runuser -u other -- /usr/sbin/sendmail tester@mail.test
    arrived "command-$$"
}
alias() {
    send "team-$$" team@mail.test
    arrived "team-$$"
    arrived "team-$$" other
}
forward() {
    send "forwarded-$$" away@mail.test
    arrived "forwarded-$$" other
}
relay() {
    send "relayed-$$" somebody@elsewhere.test
    until_true grep -q "Subject: relayed-$$" /tmp/relayed
}
bounce() {
    printf 'Subject: bounced-%s\n\nhello\n' $$ | runuser -u tester -- /usr/sbin/sendmail nobody-at-all@mail.test
    arrived "bounced-$$"
}
large() { send "large-$$" tester@mail.test 3000000; arrived "large-$$"; }
parallel() {
    for number in 1 2 3 4 5 6 7 8; do send "many-$$-$number" tester@mail.test & done
    wait
    for number in 1 2 3 4 5 6 7 8; do arrived "many-$$-$number"; done
}
queue() {
    systemctl stop workload-relay
    send "queued-$$" somebody@elsewhere.test
    until_true sh -c 'mailq | grep -q somebody@elsewhere.test'
    systemd-run --quiet --collect --unit=workload-relay python3 /usr/local/bin/relay
    sleep 1
    postqueue -f
    until_true grep -q "Subject: queued-$$" /tmp/relayed
}
reload() {
    systemctl reload "$UNIT"
    sleep 1
    deliver
}
restart() {
    systemctl restart "$UNIT"
    until_true greets
    deliver
}
# To a program that an alias names.
pipe() {
    install -d -o nobody /srv/piped
    echo 'program: "|cat >>/srv/piped/mail"' >>/etc/aliases
    newaliases
    send "piped-$$" program@mail.test
    until_true grep -q "Subject: piped-$$" /srv/piped/mail
}
