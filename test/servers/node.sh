# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# A service on Node as its author would write one: pages, a store in files, compression, workers, requests of its own.
UNIT=node-app.service
STEPS="page store copy zip hash worker upload calls_out parallel reload restart"
RARE=program

ready() { page; }
prepare() {
    mkdir -p /opt/node-app /srv/8181
    echo "a page" >/srv/8181/page
    serve 8181 /srv/8181
    cat >/opt/node-app/server.js <<'NODE'
const http = require('http'), fs = require('fs'), zlib = require('zlib'), crypto = require('crypto'), os = require('os');
const { Worker, isMainThread, parentPort } = require('worker_threads');
if (!isMainThread) { let sum = 0; for (let i = 0; i < 1e6; i++) sum += i; parentPort.postMessage(sum); return; }
const folder = '/var/lib/node-app';
let greeting = fs.readFileSync('/opt/node-app/greeting', 'utf8').trim();
process.on('SIGHUP', () => { greeting = fs.readFileSync('/opt/node-app/greeting', 'utf8').trim(); });
process.on('SIGTERM', () => server.close(() => process.exit(0)) && server.closeAllConnections?.());
const actions = {
  page: (q, r) => r.end(greeting),
  store: (q, r) => {
    const to = `${folder}/${q.searchParams.get('key')}`;
    fs.writeFile(`${to}.new`, q.searchParams.get('value'), () => fs.rename(`${to}.new`, to, () => r.end(fs.readFileSync(to))));
  },
  copy: (q, r) => fs.copyFile(`${folder}/${q.searchParams.get('key')}`, `${folder}/copy`, (e) => r.end(e ? String(e) : fs.readFileSync(`${folder}/copy`))),
  zip: (q, r) => zlib.gzip('x'.repeat(100000), (e, b) => r.end(String(zlib.gunzipSync(b).length))),
  hash: (q, r) => crypto.pbkdf2('secret', 'salt', 1000, 32, 'sha256', (e, key) => r.end(key.toString('hex'))),
  worker: (q, r) => new Worker(__filename).on('message', (sum) => r.end(String(sum))).on('error', (e) => r.end(String(e))),
  out: (q, r) => http.get({ host: 'localhost', family: 4, port: 8181, path: '/page' }, (a) => a.pipe(r)).on('error', (e) => r.end(String(e))),
  about: (q, r) => r.end(`${os.cpus().length} ${os.freemem()} ${Object.keys(os.networkInterfaces()).length}`),
  program: (q, r) => require('child_process').exec('id -un', (e, out) => r.end(e ? String(e) : out)),
};
const server = http.createServer((request, reply) => {
  const query = new URL(request.url, 'http://localhost');
  if (request.method === 'POST')
    return request.pipe(fs.createWriteStream(`${folder}/upload`)).on('finish', () => reply.end(String(fs.statSync(`${folder}/upload`).size)));
  (actions[query.pathname.slice(1)] || actions.page)(query, reply);
}).listen(3000);
NODE
    echo hello >/opt/node-app/greeting
    cat >/etc/systemd/system/node-app.service <<'UNIT'
[Unit]
Description=A service on Node
[Service]
ExecStart=/usr/bin/node /opt/node-app/server.js
ExecReload=/bin/kill -HUP $MAINPID
User=www-data
StateDirectory=node-app
[Install]
WantedBy=multi-user.target
UNIT
    systemctl daemon-reload
    systemctl restart node-app
    until_true page
}

at() { curl -sS "http://127.0.0.1:3000/$1"; }
page() { equals hello "$(at page)"; }
store() { equals "value-$$" "$(at "store?key=kept&value=value-$$")"; }
# Which gives the copy the owner of the original.
copy() {
    at 'store?key=kept&value=original' >/dev/null
    equals original "$(at 'copy?key=kept')"
}
zip() { equals 100000 "$(at zip)"; }
hash() { at hash | grep -qx '[0-9a-f]\{64\}'; }
worker() { equals 499999500000 "$(at worker)"; }
upload() {
    head -c 3000000 /dev/zero >/tmp/upload
    equals 3000000 "$(curl -sS --data-binary @/tmp/upload http://127.0.0.1:3000/)"
}
calls_out() { equals "a page" "$(at out)"; }
parallel() {
    ab -q -n 1000 -c 20 http://127.0.0.1:3000/page >/tmp/ab
    grep -q "Complete requests: *1000" /tmp/ab && ! grep -q "Non-2xx" /tmp/ab
}
reload() {
    echo "hello $$" >/opt/node-app/greeting
    systemctl reload node-app
    until_true sh -c "curl -sS http://127.0.0.1:3000/page | grep -qx 'hello $$'"
    echo hello >/opt/node-app/greeting
    systemctl reload node-app
    until_true page
}
restart() {
    store
    systemctl restart node-app
    until_true page
    equals "value-$$" "$(cat /var/lib/node-app/kept)"
}
# That it starts.
program() { equals www-data "$(at program)"; }
