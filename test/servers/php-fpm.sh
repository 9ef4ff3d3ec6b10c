# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# php-fpm as a web server calls it: pages, forms, sessions, uploads, a database in a file, requests of its own.
VERSION=$(ls /etc/php)
UNIT=php$VERSION-fpm.service
STEPS="page post session upload database calls_out opcache parallel log reload restart"
RARE=program

ready() { page; }
prepare() {
    install -d -o www-data /var/lib/workload
    mkdir -p /var/www/php /srv/8181
    echo "a page" >/srv/8181/page
    serve 8181 /srv/8181
    cat >/var/www/php/index.php <<'PHP'
<?php
switch ($_GET['do'] ?? '') {
case 'post': echo strlen($_POST['text']); break;
case 'session': session_id('workload'); session_start(); echo $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1; break;
case 'upload':
    move_uploaded_file($_FILES['file']['tmp_name'], '/var/lib/workload/uploaded');
    echo filesize('/var/lib/workload/uploaded');
    break;
case 'database':
    $db = new PDO('sqlite:/var/lib/workload/database');
    $db->exec('create table if not exists t(i integer)');
    $db->exec('insert into t values (1)');
    echo $db->query('select count(*) > 0 from t')->fetchColumn();
    break;
case 'out': $c = curl_init('http://127.0.0.1:8181/page'); curl_exec($c); break;
case 'regex': for ($i = 0; $i < 1000; $i++) preg_match("/a+b$i/", str_repeat('a', 50) . "b$i", $m); echo $m[0] ? 'matched' : ''; break;
case 'log': error_log('logged-' . $_GET['word']); break;
case 'program': echo shell_exec('id -un'); break;
default: echo 'a page of ', get_current_user() ? 'php' : '';
}
PHP
    sed -i 's/^;*catch_workers_output.*/catch_workers_output = yes/; s/^;*slowlog.*/;slowlog/' "/etc/php/$VERSION/fpm/pool.d/www.conf"
    systemctl restart "$UNIT"
    until_true page
}

# request QUERY [METHOD TYPE FILE]
request() {
    if [ $# -gt 1 ]; then set -- "$1" "$2" "$3" "$4" "$(wc -c <"$4")"; else set -- "$1" GET "" /dev/null 0; fi
    env -i SCRIPT_FILENAME=/var/www/php/index.php SCRIPT_NAME=/index.php QUERY_STRING="$1" REQUEST_METHOD="$2" \
        CONTENT_TYPE="$3" CONTENT_LENGTH="$5" REMOTE_ADDR=127.0.0.1 \
        cgi-fcgi -bind -connect "/run/php/php$VERSION-fpm.sock" <"$4" | sed '1,/^\r*$/d'
}
page() { equals "a page of php" "$(request do=)"; }
post() {
    { printf 'text='; head -c 100000 /dev/zero | tr '\0' x; } >/tmp/form
    equals 100000 "$(request do=post POST application/x-www-form-urlencoded /tmp/form)"
}
session() {
    first=$(request do=session)
    equals $((first + 1)) "$(request do=session)"
}
upload() {
    head -c 1000000 /dev/zero >/tmp/upload
    { printf -- '--edge\r\nContent-Disposition: form-data; name="file"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\n'
      cat /tmp/upload; printf '\r\n--edge--\r\n'; } >/tmp/multipart
    equals 1000000 "$(request do=upload POST 'multipart/form-data; boundary=edge' /tmp/multipart)"
}
database() { equals 1 "$(request do=database)"; }
calls_out() { equals "a page" "$(request do=out)"; }
# Patterns are compiled, if memory can be made to be executed; else they are interpreted.
opcache() { equals matched "$(request do=regex)"; }
parallel() {
    for number in 1 2 3 4 5 6 7 8; do (for _ in 1 2 3 4 5; do request do=; echo; done >/tmp/pages.$number) & done
    wait
    equals 40 "$(cat /tmp/pages.? | grep -c 'a page')"
}
log() {
    request "do=log&word=$$" >/dev/null
    until_true grep -q "logged-$$" "/var/log/php$VERSION-fpm.log"
}
reload() {
    systemctl reload "$UNIT"
    until_true page
}
restart() {
    systemctl restart "$UNIT"
    until_true page
    session
}
# That a script starts.
program() { equals www-data "$(request do=program)"; }
