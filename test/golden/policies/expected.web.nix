# strict@1 for systemd 257, by harden
{
  unitConfig = {
    # write:/var/log/web
    RequiresMountsFor = [ "/var/log/web" ];
  };
  serviceConfig = {
    # listen:443, cap:CAP_NET_BIND_SERVICE
    CapabilityBoundingSet = [ "CAP_NET_BIND_SERVICE" ];
    NoNewPrivileges = true;
    UMask = "0077";
    KeyringMode = "private";
    RemoveIPC = true;
    LockPersonality = true;
    ProtectSystem = "strict";
    # write:/var/log/web
    ReadWritePaths = [ "/var/log/web" ];
    ReadOnlyPaths = [ "/run" ];
    InaccessiblePaths = [ "-/run/dbus" "-/run/systemd/io.systemd.Manager" "-/run/systemd/private" ];
    # exec:-/opt/web
    ExecPaths = [ "/usr" "-/opt/web" ];
    NoExecPaths = [ "/" "-/dev/shm" "-/home" "-/root" "-/run/user" "-/var/tmp" "/dev" "/run" "/tmp" "/var/log/web" ];
    # exec:-/opt/web
    BindReadOnlyPaths = [ "-/opt/web" "/usr" ];
    PrivateTmp = true;
    PrivateMounts = true;
    PrivateDevices = true;
    ProtectKernelTunables = true;
    ProtectKernelModules = true;
    ProtectKernelLogs = true;
    ProtectClock = true;
    ProtectControlGroups = true;
    ProtectProc = "invisible";
    ProcSubset = "pid";
    PrivateIPC = true;
    ProtectHostname = true;
    RestrictNamespaces = [ "yes" ];
    # jit
    SystemCallFilter = [ "@system-service" "~@privileged" "~@resources" "~io_uring_enter" "~io_uring_register" "~io_uring_setup" "memfd_create" ];
    SystemCallErrorNumber = "EPERM";
    SystemCallArchitectures = [ "native" ];
    # listen:443
    RestrictAddressFamilies = [ "AF_INET" "AF_INET6" "AF_UNIX" ];
    RestrictRealtime = true;
    RestrictSUIDSGID = true;
    DevicePolicy = "closed";
    # listen:443
    SocketBindAllow = [ "tcp:443" ];
    SocketBindDeny = [ "any" ];
  };
}
