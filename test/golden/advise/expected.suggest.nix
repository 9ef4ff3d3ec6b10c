# Suggested by harden from 1 recording.
{
  systemd.services."web".harden = {
    enable = true;
    profile = "strict@1";
    allow = [
      # accept from 127.0.0.1 port 80 (web of ExecStart, 9000 times, first after 0.7 s)
      # use CAP_NET_BIND_SERVICE in bind (web of ExecStart, once, first after 0.6 s)
      # open a socket AF_INET SOCK_STREAM (web of ExecStart, once, first after 0.7 s)
      # and 4 more
      "listen:80"
      # create /var/lib/web/body/0000000012 (web of ExecStart, once, first after 0.6 s)
      # create /var/lib/web/body (web of ExecStart, once, first after 0.5 s); in doubt: it is made once, and has to be there before the service starts
      # create /var/lib/web/fastcgi (web of ExecStart, once, first after 0.5 s); in doubt: it is made once, and has to be there before the service starts
      # and 9 more
      "write:/var/lib/web"
      # write /var/log/web/access.log (web of ExecStart, 4000 times, first after 0.6 s)
      # write /var/log/web/error.log (web of ExecStart, once, first after 0.6 s)
      "write:/var/log/web"
      # use CAP_CHOWN in chown (web of ExecStart, once, first after 0.6 s)
      "chown"
      # call setgroups (web of ExecStart, 5 times, first after 0.3 s)
      # call setuid (web of ExecStart, 5 times, first after 0.3 s)
      # use CAP_SETGID in setgid (web of ExecStart, once, first after 0.6 s)
      # and 1 more
      "switch-user"
      # use CAP_DAC_OVERRIDE in openat (web of ExecStart, once, first after 0.6 s)
      "cap:CAP_DAC_OVERRIDE"
      # call setrlimit (web of ExecStart, 5 times, first after 0.4 s)
      "syscalls:setrlimit"
      # the unit asks for it itself
      "write:/run"
      # the unit asks for it itself
      "host-pids"
    ];
  };
}
