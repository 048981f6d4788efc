import { quotedWord } from "./unit-word.ts";

/** What the unit of a service depends on. */
export interface UnitOptions {
  /** Absolute path of the program. */
  readonly program: string;
  /** Absolute path of its configuration. */
  readonly config: string;
  /** Whether it may listen on ports below 1024. @default {true} */
  readonly lowPorts?: boolean;
}

/** Folder below /var/lib and /etc, name of the user and of the units. */
export const SERVICE = "tenk";

/**
 * Returns the text of `tenk.service`. It may write into `/var/lib/tenk` alone, and has no right beside low ports.
 *
 * `MemoryDenyWriteExecute=` is missing since it makes JavaScript six times slower. `ProcSubset=pid` and `ProtectProc=` would hide the
 * machine's memory, processors and mounts: full disks would not be seen. `SystemCallFilter=~@resources` would hide the limit of descriptors.
 */
export function serviceUnit({ program, config, lowPorts = true }: UnitOptions): string {
  const [run, file] = [quotedWord(program), quotedWord(config)];
  const capabilities = lowPorts ? "CAP_NET_BIND_SERVICE" : "";
  return `[Unit]
Description=tenk: proxy, name server, probes and TCP listeners of this machine
Wants=network-online.target ${SERVICE}.socket
After=network-online.target
# A machine that nobody looks at gets its service back, however long what it needs is missing.
StartLimitIntervalSec=0

[Service]
Type=notify
# tenk upgrade has another process take over.
NotifyAccess=all
ExecStart=${run} up --config ${file}
ExecReload=${run} check --quiet --config ${file}
ExecReload=/bin/sh -c 'kill -HUP $MAINPID'
Restart=on-failure
RestartSec=2s
# An event loop, or a thread of a listener, that hangs for so long.
WatchdogSec=30s
TimeoutStartSec=2min
TimeoutStopSec=30s
LimitNOFILE=1048576
LimitCORE=0

User=${SERVICE}
Group=${SERVICE}
StateDirectory=${SERVICE}
StateDirectoryMode=0700
UMask=0027

# Ports below 1024 alone. Probes by ICMP need no right: see net.ipv4.ping_group_range.
AmbientCapabilities=${capabilities}
CapabilityBoundingSet=${capabilities}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateMounts=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

# To loosen one of them: systemctl edit ${SERVICE}, with a line [Service] and
#   SupplementaryGroups=docker            containers of Docker, which makes tenk as mighty as root
#   ReadWritePaths=/var/log/tenk          log files elsewhere
#   PrivateTmp=no                         targets with sockets below /tmp
#   AmbientCapabilities=CAP_NET_BIND_SERVICE CAP_SYS_PTRACE CAP_DAC_READ_SEARCH
#   CapabilityBoundingSet=CAP_SYS_PTRACE CAP_DAC_READ_SEARCH
#                                         names of programs in what the page discovers ("sudo tenk discover" has them anyway)

[Install]
WantedBy=multi-user.target
`;
}
