# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# postgresql over its socket and over TLS, with queries in parallel and compiled, and what administrators do.
VERSION=$(ls /etc/postgresql)
UNIT=postgresql@$VERSION-main.service
STEPS="query tls parallel compiled temporary_files vacuum settings_and_reload log persistence"
RARE=copy_to_a_program

as_postgres() { runuser -u postgres -- psql -XtAq -v ON_ERROR_STOP=1 "$@"; }
over_tcp() { PGPASSWORD=secret psql -XtAq -v ON_ERROR_STOP=1 "host=127.0.0.1 user=tester dbname=tester sslmode=require" "$@"; }

ready() { as_postgres -c 'select 1'; }
prepare() {
    systemctl restart "$UNIT"
    until_true as_postgres -c 'select 1'
    as_postgres -c "create role tester superuser login password 'secret'" -c "create database tester owner tester"
    over_tcp -c "create table numbers as select i, md5(i::text) as text from generate_series(1, 200000) i" \
        -c "analyze numbers"
}

query() { equals 42 "$(as_postgres -c 'select 6*7')"; }
tls() { equals t "$(over_tcp -c 'select ssl from pg_stat_ssl where pid = pg_backend_pid()')"; }
parallel() {
    equals 200000 "$(over_tcp -c 'set parallel_setup_cost = 0' -c 'set parallel_tuple_cost = 0' \
        -c 'set min_parallel_table_scan_size = 0' -c 'set max_parallel_workers_per_gather = 2' \
        -c 'select count(distinct text) from numbers')"
    over_tcp -c 'set parallel_setup_cost = 0' -c 'set parallel_tuple_cost = 0' -c 'set min_parallel_table_scan_size = 0' \
        -c 'explain analyze select count(*) from numbers where i % 7 = 0' | grep -q 'Workers Launched: [12]'
}
# Queries that are compiled need memory that is written and executed.
compiled() {
    over_tcp -c 'set jit = on' -c 'set jit_above_cost = 0' -c 'explain analyze select sum(i * 2) from numbers' | grep -q 'JIT:'
}
temporary_files() { equals 200000 "$(over_tcp -c "set work_mem = '64kB'" -c 'select count(*) from (select * from numbers order by text) s')"; }
vacuum() { over_tcp -c 'vacuum full numbers' -c checkpoint; }
settings_and_reload() {
    over_tcp -c "alter system set log_min_duration_statement = '0'"
    systemctl reload "$UNIT"
    until_true sh -c 'PGPASSWORD=secret psql -XtAq "host=127.0.0.1 user=tester dbname=tester" -c "show log_min_duration_statement" | grep -qx 0'
}
log() {
    over_tcp -c "select 'logged-$$'" >/dev/null
    until_true grep -q "logged-$$" "/var/log/postgresql/postgresql-$VERSION-main.log"
}
persistence() {
    over_tcp -c 'create table if not exists kept(i int)' -c "insert into kept values ($$)"
    systemctl restart "$UNIT"
    until_true as_postgres -c 'select 1'
    equals "$$" "$(over_tcp -c "select i from kept where i = $$")"
}
# COPY … TO PROGRAM, which only a superuser may.
copy_to_a_program() {
    install -d -o postgres /srv/exports
    over_tcp -c "copy (select * from numbers limit 10) to program 'gzip >/srv/exports/$$'"
    equals 10 "$(gunzip <"/srv/exports/$$" | wc -l)"
}
