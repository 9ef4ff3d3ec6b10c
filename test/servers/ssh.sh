# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
# sshd and what people do in its sessions, which run under its sandbox.
UNIT=ssh.service
STEPS="login other_user terminal copy forward become_root install_file shared_tmp mount_folder service_manager kernel_setting kernel_log kernel_module sessions_survive"
RARE=change_password

TO="-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
# shellcheck disable=SC2086
as_root() { ssh $TO root@127.0.0.1 "$@"; }
# shellcheck disable=SC2086
as_user() { ssh $TO tester@127.0.0.1 "$@"; }

ready() { as_root true; }
prepare() {
    id tester >/dev/null 2>&1 || useradd --create-home --shell /bin/sh tester
    [ -e /root/.ssh/id_ed25519 ] || { install -d -m 700 /root/.ssh; ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519 </dev/null; }
    cp /root/.ssh/id_ed25519.pub /root/.ssh/authorized_keys
    install -d -o tester -m 700 /home/tester/.ssh
    install -o tester -m 600 /root/.ssh/id_ed25519.pub /home/tester/.ssh/authorized_keys
    echo root:secret | chpasswd
    systemctl restart ssh
}

login() { equals works "$(as_root echo works)"; }
other_user() { equals tester "$(as_user id -un)"; }
terminal() { as_user -tt tty </dev/null | grep -q /dev/pts/; }
copy() {
    head -c 3000000 /dev/urandom >/tmp/copied
    # shellcheck disable=SC2086
    scp $TO -q /tmp/copied tester@127.0.0.1:copied
    equals "$(md5sum </tmp/copied)" "$(as_user md5sum '<' copied)"
}
forward() {
    # shellcheck disable=SC2086
    ssh $TO -f -L 2222:127.0.0.1:22 root@127.0.0.1 sleep 3
    until_true sh -c 'timeout 2 nc 127.0.0.1 2222 </dev/null | grep -q SSH-'
}
# By a set-user-ID program, which asks for the password on a terminal.
become_root() {
    # shellcheck disable=SC2086
    python3 - ssh -tt $TO tester@127.0.0.1 'su -c "id -un" root' <<'PYTHON'
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
said = b""
answered = False
try:
    while piece := os.read(terminal, 4096):
        said += piece
        if b"assword" in said and not answered:
            answered = True
            os.write(terminal, b"secret\n")
except OSError:
    pass
sys.exit(0 if said.split()[-1:] == [b"root"] else f"it said {said!r}")
PYTHON
}
install_file() {
    as_root "install -m 4755 /bin/true /usr/local/bin/with-setuid && rm /usr/local/bin/with-setuid && touch /etc/touched && rm /etc/touched"
}
shared_tmp() {
    as_root "echo $$ >/tmp/shared-by-session"
    equals $$ "$(cat /tmp/shared-by-session)"
}
mount_folder() {
    as_root "mkdir -p /mnt/a && mount -t tmpfs none /mnt/a"
    mountpoint -q /mnt/a
    as_root umount /mnt/a
    ! mountpoint -q /mnt/a
}
service_manager() { as_root systemctl restart cron.service; }
# Opened, and left as it is.
kernel_setting() { as_root ': >>/proc/sys/vm/swappiness'; }
# Bytes that are no module: the kernel refuses them (ENOEXEC, or ENOSYS where it has no modules at all), but not
# whoever loads them (EPERM).
kernel_module() {
    as_root "python3 -c 'import ctypes; c = ctypes.CDLL(None, use_errno=True); c.syscall(175, b\"x\" * 64, 64, b\"\"); print(ctypes.get_errno())'" >/tmp/errno
    [ "$(cat /tmp/errno)" -ne 1 ] || { echo "EPERM"; return 1; }
}
kernel_log() { as_root dmesg >/dev/null; }
sessions_survive() {
    as_root "sleep 6; echo survived" >/tmp/survived &
    sleep 1
    systemctl restart ssh
    until_true as_root true
    wait
    equals survived "$(cat /tmp/survived)"
}
# By a set-user-ID program, which replaces /etc/shadow.
change_password() {
    echo tester:old-secret | chpasswd
    as_user 'printf "old-secret\\nnew and longer 1\\nnew and longer 1\\n" | passwd' 2>&1
}
