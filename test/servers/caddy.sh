# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# caddy, in Go: files, TLS with certificates of its own, a proxy, an access log, its administrative API.
UNIT=caddy.service
STEPS="page tls proxy compressed listing parallel log api reload restart"
RARE=log_elsewhere

ready() { tls; }
prepare() {
    mkdir -p /var/www/caddy /srv/8181
    echo "a page" >/var/www/caddy/page
    seq 10000 >/var/www/caddy/numbers.txt
    echo "another page" >/srv/8181/page
    serve 8181 /srv/8181
    cat >/etc/caddy/Caddyfile <<'CONF'
{
    skip_install_trust
}
(site) {
    root * /var/www/caddy
    encode gzip
    handle_path /behind/* {
        reverse_proxy 127.0.0.1:8181
    }
    file_server browse
    log {
        output file /var/log/caddy/access.log
    }
}
:80 {
    import site
}
localhost:443 {
    tls internal
    import site
}
CONF
    systemctl restart caddy
    until_true tls
}

page() { equals "a page" "$(curl -sS http://127.0.0.1/page)"; }
tls() { equals "a page" "$(curl -sSk https://localhost/page)"; }
proxy() { equals "another page" "$(curl -sSk https://localhost/behind/page)"; }
compressed() { equals 10000 "$(curl -sS --compressed http://127.0.0.1/numbers.txt | wc -l)"; }
listing() { curl -sS http://127.0.0.1/ | grep -q numbers.txt; }
parallel() {
    ab -q -n 1000 -c 20 http://127.0.0.1/page >/tmp/ab
    grep -q "Complete requests: *1000" /tmp/ab && ! grep -q "Non-2xx" /tmp/ab
}
log() {
    curl -sS "http://127.0.0.1/page?logged-$$" >/dev/null
    until_true grep -q "logged-$$" /var/log/caddy/access.log
}
api() { curl -sS http://127.0.0.1:2019/config/ | grep -q '"apps"'; }
reload() {
    cp /etc/caddy/Caddyfile /tmp/Caddyfile
    sed -i "/^:80 {/a\    respond /reloaded \"reloaded $$\"" /etc/caddy/Caddyfile
    systemctl reload caddy
    until_true sh -c "curl -sS http://127.0.0.1/reloaded | grep -q 'reloaded $$'"
    cp /tmp/Caddyfile /etc/caddy/Caddyfile
    systemctl reload caddy
    until_true page
}
restart() {
    systemctl restart caddy
    until_true tls
}
log_elsewhere() {
    install -d -o caddy /srv/logs
    cp /etc/caddy/Caddyfile /tmp/Caddyfile
    sed -i 's,/var/log/caddy/access.log,/srv/logs/access.log,' /etc/caddy/Caddyfile
    systemctl reload caddy || failed=1
    curl -sS "http://127.0.0.1/page?elsewhere-$$" >/dev/null || failed=1
    until_true grep -q "elsewhere-$$" /srv/logs/access.log || failed=1
    cp /tmp/Caddyfile /etc/caddy/Caddyfile
    systemctl reload caddy
    [ -z "${failed:-}" ]
}
