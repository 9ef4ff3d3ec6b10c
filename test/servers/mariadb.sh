# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# mariadb over its socket and over TLS, with a binary log, temporary tables, files that are loaded, and its logs rotated.
UNIT=mariadb.service
STEPS="query tls parallel temporary_tables load_file procedures dump binary_log slow_log rotate users persistence"
RARE=out_file

ready() { as_root -e 'select 1'; }
prepare() {
    certificate /etc/mysql/workload mysql
    cat >/etc/mysql/mariadb.conf.d/90-workload.cnf <<'CONF'
[mariadbd]
ssl_cert = /etc/mysql/workload.crt
ssl_key = /etc/mysql/workload.key
log_bin = /var/lib/mysql/binary
slow_query_log = 1
slow_query_log_file = /var/log/mysql/slow.log
log_error = /var/log/mysql/error.log
long_query_time = 0.2
local_infile = 1
CONF
    install -d -o mysql -g adm -m 2750 /var/log/mysql
    systemctl restart mariadb
    until_true mariadb -e 'select 1'
    mariadb -e "create or replace user tester@'127.0.0.1' identified by 'secret' require ssl;
        grant all on *.* to tester@'127.0.0.1'; create database if not exists tester;
        create or replace table tester.numbers as select seq i, md5(seq) text from tester.seq_1_to_200000" 2>/tmp/seq ||
        { mariadb -e "install soname 'ha_sequence'"; return 1; }
}

as_root() { mariadb -NB "$@"; }
over_tcp() { mariadb -NB -h 127.0.0.1 -u tester -psecret --ssl --skip-ssl-verify-server-cert tester "$@"; }

query() { equals 42 "$(as_root -e 'select 6*7')"; }
tls() { over_tcp -e "show status like 'Ssl_cipher'" | grep -q TLS_; }
parallel() {
    for number in 1 2 3 4 5 6 7 8; do over_tcp -e 'select count(distinct text) from numbers where i % 10 = 1' >/tmp/count.$number & done
    wait
    equals 8 "$(cat /tmp/count.? | grep -cx 20000)"
}
temporary_tables() {
    equals 200000 "$(over_tcp -e 'set tmp_memory_table_size = 0; set max_heap_table_size = 16384; set sort_buffer_size = 32768;
        create temporary table t engine=aria as select * from numbers; alter table t add index (text(8));
        select count(*) from (select distinct text, i from t order by text) s')"
}
load_file() {
    seq 1000 >/tmp/rows
    over_tcp -e "create or replace table loaded(i int); load data local infile '/tmp/rows' into table loaded"
    equals 1000 "$(over_tcp -e 'select count(*) from loaded')"
}
procedures() {
    over_tcp -e "create or replace procedure twice(n int) select n * 2"
    equals 84 "$(over_tcp -e 'call twice(42)')"
    over_tcp -e 'optimize table numbers; check table numbers' | grep -q OK
}
dump() {
    mariadb-dump --single-transaction tester | gzip >/tmp/dump.gz
    as_root -e 'create or replace database restored'
    gunzip </tmp/dump.gz | as_root restored
    equals 200000 "$(as_root -e 'select count(*) from restored.numbers')"
}
binary_log() {
    as_root -e 'flush binary logs; purge binary logs before now()'
    as_root -e 'show binary logs' | grep -q '^binary\.'
}
slow_log() {
    over_tcp -e "select sleep(0.3), 'slow-$$'" >/dev/null
    until_true grep -q "slow-$$" /var/log/mysql/slow.log
}
rotate() {
    mv /var/log/mysql/slow.log /var/log/mysql/slow.log.1
    as_root -e 'flush local slow logs, error logs'
    slow_log
}
users() {
    as_root -e "create or replace user u$$@localhost identified by 'x'; grant select on tester.* to u$$@localhost; flush privileges"
    equals 200000 "$(mariadb -NB -u u$$ -px -e 'select count(*) from tester.numbers')"
    as_root -e "drop user u$$@localhost"
}
persistence() {
    over_tcp -e "create table if not exists kept(i int); insert into kept values ($$)"
    systemctl restart mariadb
    until_true mariadb -e 'select 1'
    equals "$$" "$(over_tcp -e "select i from kept where i = $$ limit 1")"
}
# Where whoever asks wants it.
out_file() {
    install -d -o mysql /srv/exports
    over_tcp -e "select * from numbers limit 10 into outfile '/srv/exports/$$'"
    equals 10 "$(wc -l </srv/exports/$$)"
}
