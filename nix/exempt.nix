# SPDX-License-Identifier: LGPL-2.1-or-later
# Which services `systemd.hardenByDefault` leaves alone.
let
  inherit (builtins)
    any
    filter
    match
    stringLength
    substring
    ;
  inherit (import ./text.nix) hasSuffix toSet unique;
in
{
  # What manages the machine itself, logs people in, or runs the software of others: a sandbox there is a
  # policy of its own, or locks the administrator out. Many of these are upstream's units that NixOS only
  # decorates.
  default = [
    # systemd and what it starts for itself
    "systemd-*"
    "initrd-*"
    "emergency"
    "rescue"
    "modprobe@"
    "kmod-static-nodes"
    "user@"
    "user-runtime-dir@"
    "post-boot"
    "prepare-kexec"
    "reload-systemd-vconsole-setup"
    "save-hwclock"
    # Logins
    "getty@"
    "autovt@"
    "serial-getty@"
    "console-getty"
    "container-getty@"
    "sshd"
    "sshd@"
    "sshd-keygen"
    "display-manager"
    "greetd"
    "polkit"
    # The bus, over which the others are asked
    "dbus"
    "dbus-broker"
    # NixOS: activation, builds and upgrades
    "nix-*"
    "nixos-*"
    "register-nix-paths"
    "suid-sgid-wrappers"
    "userborn"
    "linger-users"
    # Storage and network of the machine
    "cryptsetup*"
    "growpart"
    "growfs*"
    "lvm*"
    "mdadm*"
    "mdmonitor"
    "zfs-*"
    "mount-*"
    "quotaon"
    "firewall"
    "nftables"
    "network-*"
    "dhcpcd"
    "NetworkManager*"
    "wpa_supplicant*"
    # Containers, virtual machines, and timers that run what people write
    "container@"
    "docker*"
    "podman*"
    "containerd"
    "crio"
    "k3s"
    "kubelet"
    "incus*"
    "lxd*"
    "libvirt*"
    "virt*"
    "cron"
    "fcron"
    "atd"
  ];

  # A `*` at the end stands for all that begin so. The patterns first: they are the same for all services.
  isListed =
    patterns:
    let
      listed = toSet patterns;
      lengths = unique (map (pattern: stringLength pattern - 1) (filter (hasSuffix "*") patterns));
    in
    name: listed ? ${name} || any (length: listed ? "${substring 0 length name}*") lengths;

  # "foo@bar", an instance of "foo@": its settings would come over those of the template.
  isInstance = name: match ".+@.+" name != null;
}
