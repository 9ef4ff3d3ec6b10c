# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs in a service of a guest and says what it may do: a line "CHECK<tab>RESULT" for each argument. A result
is "ok", "empty" (it opened and there is nothing in it), the name of an errno, or a step and one. Variables of
the environment are expanded. Only modules of python3-minimal.

  write:PATH     make a file in a folder and remove it again
  leave:DIR      write the file DIR/$LEAVE, for others to see
  open-write:FILE  open for writing, write nothing
  read:PATH      read a file, or list a folder
  exec:FILE      execute it
  make:DIR       write a program into it and execute that
  bind:PORT      bind a TCP socket to it
  udp:ADDRESS    send a datagram to it
  unix:PATH      connect to a socket
  become:UID     become that user and group, for good
  run:COMMAND    of words with blanks between; status 0 is ok
  first          is this process the first of a PID namespace?
"""
import errno
import os
import socket
import sys


def spawn(argv):
    pid = os.fork()
    if pid == 0:
        try:
            null = os.open("/dev/null", os.O_RDWR)
            for fd in range(3):
                os.dup2(null, fd)
            os.execvp(argv[0], argv)
        except OSError as error:
            os._exit(200 if error.errno == errno.EACCES else 201)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return {0: "ok", 200: "EACCES", 201: "not executed"}.get(status, f"status {status}")


def write(path):
    name = f"{path}/probe-{os.getpid()}"
    with open(name, "w") as file:
        file.write("x")
    os.unlink(name)


def leave(path):
    with open(f"{path}/{os.environ['LEAVE']}", "w") as file:
        file.write("x")


def open_write(path):
    os.close(os.open(path, os.O_WRONLY))


def read(path):
    if os.path.isdir(path):
        return "ok" if os.listdir(path) else "empty"
    with open(path, "rb") as file:
        return "ok" if file.read(1) else "empty"


def make(path):
    name = f"{path}/made-{os.environ['LEAVE']}"  # services with PIDs of their own share folders
    try:
        with open("/usr/bin/true", "rb") as program, open(name, "wb") as copy:
            copy.write(program.read())
        os.chmod(name, 0o755)
    except OSError as error:
        return f"write {errno.errorcode[error.errno]}"
    try:
        return spawn([name])
    finally:
        os.unlink(name)


def bind(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("127.0.0.1", int(port)))


def udp(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", (address, 9))


def unix(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.connect(path)


def become(uid):
    os.setresgid(int(uid), int(uid), int(uid))
    os.setresuid(int(uid), int(uid), int(uid))


CHECKS = {
    "write": write, "leave": leave, "open-write": open_write, "read": read, "make": make, "bind": bind,
    "udp": udp, "unix": unix, "become": become, "exec": lambda path: spawn([path]),
    "run": lambda command: spawn(command.split()), "first": lambda _: "ok" if os.getpid() == 1 else "no",
}

for check in sys.argv[1:]:
    kind, _, argument = check.partition(":")
    try:
        result = CHECKS[kind](os.path.expandvars(argument)) or "ok"
    except OSError as error:
        result = errno.errorcode.get(error.errno, str(error))
    print(f"{check}\t{result}", flush=True)
