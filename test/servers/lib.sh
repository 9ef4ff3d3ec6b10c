# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# What a workload is written with. Each step is a function; `steps NAME…` runs those, and says of each `ok NAME`
# or `lost NAME: what it said last`. A step has a minute. With FIRST_LOSS set they end with the first that is lost.
LC_ALL=C.UTF-8
export LC_ALL

# A workload has `prepare`, which sets the server up, `ready`, which fails until it serves, and its steps.
# step NAME: in a shell of its own, so that a step that fails or hangs costs only itself.
steps() {
    lost=0
    for name in "$@"; do
        if said=$(timeout 60 sh -eu -c '. "$1/lib.sh"; . "$2"; "$3"' sh "$DIR" "$WORKLOAD" "$name" 2>&1); then
            echo "ok $name"
        else
            echo "lost $name: $(printf '%s' "$said" | tail -n 1 | cut -c 1-200)"
            lost=1
            [ -z "${FIRST_LOSS:-}" ] || break
        fi
    done
    return $lost
}

# until_true COMMAND…: tries for 20 seconds.
until_true() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { echo "not within 20 s: $*"; return 1; }
        sleep 0.2
    done
}

# equals WANTED GOT
equals() {
    [ "$1" = "$2" ] || { echo "wanted '$1', got '$2'"; return 1; }
}

# certificate FILE [OWNER]: a key and a self-signed certificate for localhost, in FILE.key and FILE.crt.
certificate() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
        -keyout "$1.key" -out "$1.crt" 2>/dev/null
    chmod 600 "$1.key"
    [ $# -lt 2 ] || chown "$2" "$1.key"
}

# serve PORT FOLDER: static pages, by a service that is not looked at.
serve() {
    systemctl stop "workload-$1" 2>/dev/null || :
    systemd-run --quiet --collect --unit="workload-$1" python3 -m http.server --bind 127.0.0.1 --directory "$2" "$1"
}
