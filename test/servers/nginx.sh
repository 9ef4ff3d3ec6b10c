# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# nginx as web server and as reverse proxy with TLS, its logs rotated as logrotate does it.
UNIT=nginx.service
STEPS="page tls upload download parallel reload rotate restart stop_start first_start"
RARE=uploads_into_the_site

ready() { page; }
prepare() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout /etc/nginx/tls.key \
        -out /etc/nginx/tls.crt 2>/dev/null
    chmod 600 /etc/nginx/tls.key
    cat >/etc/nginx/conf.d/workload.conf <<'CONF'
server {
    listen 443 ssl;
    ssl_certificate /etc/nginx/tls.crt;
    ssl_certificate_key /etc/nginx/tls.key;
    client_max_body_size 64m;
    location / { root /var/www/html; }
    location /backend/ { proxy_pass http://127.0.0.1:8081/; }
}
CONF
    mkdir -p /var/www/html
    echo "a page" >/var/www/html/page.html
    cat >/usr/local/bin/backend <<'PYTHON'
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply(b"x" * 16000000)
    def do_POST(self):
        left = int(self.headers["Content-Length"])
        size = 0
        while size < left:
            size += len(self.rfile.read(min(left - size, 65536)))
        self.reply(b"%d" % size)
    def reply(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *arguments):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 8081), Handler).serve_forever()
PYTHON
    systemctl stop workload-backend 2>/dev/null || :
    systemd-run --quiet --collect --unit=workload-backend python3 /usr/local/bin/backend
    systemctl restart nginx
}

page() { equals "a page" "$(curl -sS http://127.0.0.1/page.html)"; }
tls() { equals "a page" "$(curl -sSk https://127.0.0.1/page.html)"; }
# Past what it keeps in memory, so that it spools to /var/lib/nginx.
upload() {
    head -c 4000000 /dev/zero >/tmp/upload
    equals 4000000 "$(curl -sSk --data-binary @/tmp/upload https://127.0.0.1/backend/)"
}
download() { equals 16000000 "$(curl -sSk --limit-rate 40M https://127.0.0.1/backend/ | wc -c)"; }
parallel() {
    ab -q -n 500 -c 20 http://127.0.0.1/page.html >/tmp/ab
    grep -q "Failed requests: *0" /tmp/ab && grep -q "Complete requests: *500" /tmp/ab
}
reload() {
    echo "server { listen 80; server_name reloaded; location / { return 200 $$; } }" >/etc/nginx/conf.d/reloaded.conf
    systemctl reload nginx
    until_true sh -c "curl -sS --resolve reloaded:80:127.0.0.1 http://reloaded/ | grep -qx $$"
    rm /etc/nginx/conf.d/reloaded.conf
    systemctl reload nginx
}
rotate() {
    mv /var/log/nginx/access.log /var/log/nginx/access.log.1
    install -m 640 -o www-data -g adm /dev/null /var/log/nginx/access.log
    kill -USR1 "$(cat /run/nginx.pid)"
    sleep 0.5
    curl -sS "http://127.0.0.1/page.html?rotated-$$" >/dev/null
    until_true grep -q "rotated-$$" /var/log/nginx/access.log
}
# As on a machine where it was never started: it makes its folders and gives them to its workers.
first_start() {
    systemctl stop nginx
    rm -rf /var/lib/nginx/*
    systemctl start nginx
    upload
}
restart() {
    systemctl restart nginx
    page
}
stop_start() {
    systemctl stop nginx
    [ ! -e /run/nginx.pid ]
    systemctl start nginx
    page
}
# By WebDAV, into a folder that the site is served from.
uploads_into_the_site() {
    install -d -o www-data /srv/site
    echo 'server { listen 80; server_name dav; root /srv/site; location / { dav_methods PUT; } }' >/etc/nginx/conf.d/dav.conf
    systemctl reload nginx
    sleep 0.5
    curl -sSf --resolve dav:80:127.0.0.1 -T /etc/hostname "http://dav/$$" || failed=1
    rm /etc/nginx/conf.d/dav.conf
    systemctl reload nginx
    [ -z "${failed:-}" ] && cmp /etc/hostname "/srv/site/$$"
}
