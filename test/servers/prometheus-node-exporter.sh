# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# prometheus-node-exporter, in Go: all that it says of a machine, and what others leave for it in files.
UNIT=prometheus-node-exporter.service
STEPS="metrics every_kind one_collector text_file parallel restart"
RARE=systemd_collector

ready() { metrics; }
prepare() {
    systemctl restart prometheus-node-exporter
    until_true metrics
    failing >/var/tmp/node-exporter-failing || :
}

at() { curl -sSf "http://127.0.0.1:9100/metrics$1"; }
# What it cannot tell of this machine, policy or not.
failing() { at '' | grep '^node_scrape_collector_success.* 0$' | sort; }
metrics() { at '' | grep -q '^node_memory_MemTotal_bytes'; }
every_kind() {
    at '' >/tmp/metrics
    for name in node_cpu_seconds_total node_filesystem_size_bytes node_load1 \
        node_uname_info node_vmstat_pgfault node_netstat_Tcp_CurrEstab node_sockstat_sockets_used node_time_seconds; do
        grep -q "^$name" /tmp/metrics || { echo "no $name"; return 1; }
    done
    equals "$(cat /var/tmp/node-exporter-failing)" "$(failing)"
}
one_collector() { at '?collect[]=loadavg' | grep -q '^node_load1 '; }
text_file() {
    install -d /var/lib/prometheus/node-exporter
    echo "workload_number $$" >/var/lib/prometheus/node-exporter/workload.prom
    at '' | grep -qx "workload_number $$"
}
parallel() {
    for number in 1 2 3 4 5 6 7 8; do at '' >/tmp/metrics.$number & done
    wait
    equals 8 "$(grep -l '^node_load1 ' /tmp/metrics.? | wc -l)"
}
restart() {
    systemctl restart prometheus-node-exporter
    until_true metrics
}
# By the bus, which is off unless asked for.
systemd_collector() {
    cp /etc/default/prometheus-node-exporter /tmp/node-exporter
    echo 'ARGS="--collector.systemd"' >>/etc/default/prometheus-node-exporter
    systemctl restart prometheus-node-exporter
    until_true sh -c 'curl -sS http://127.0.0.1:9100/metrics | grep -q "^node_systemd_unit_state"' || failed=1
    cp /tmp/node-exporter /etc/default/prometheus-node-exporter
    systemctl restart prometheus-node-exporter
    [ -z "${failed:-}" ]
}
