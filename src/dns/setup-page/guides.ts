import type { Guide } from "../../base/mod.ts";

/** Android asks no other. */
const ANDROID_TLS_PORT = 853;

/** What a guide needs to be of use here. */
export interface Offered {
  /** The port of DNS over TLS. */
  readonly tls: number | undefined;
  readonly https: boolean;
  /** The certificates are of a public CA: devices trust them without help. */
  readonly isPublic: boolean;
}

/** Guides for what this resolver offers. Settings are named as the newest systems of 2026 name them. */
export function guidesFor({ tls, https, isPublic }: Offered): Guide[] {
  const trust = isPublic ? [] : ["Let the device {trust} first: it must know who signs the certificates of this box."];
  return [
    {
      device: "The router, for all devices at once",
      steps: [
        "Open the settings of the router and find the DNS server that it gives to devices: under <b>LAN</b>, <b>Home network</b> or <b>DHCP</b>.",
        "Enter {addresses}, and remove every other one: devices take any of them as they like, and past this box nothing is blocked.",
        "Reserve that address for this box, so that it stays. Devices learn of it when they next join the network.",
      ],
      note: "Where the router also gives out IPv6 (router advertisements, DHCPv6), it names itself as DNS server there: enter this box there too, or switch that off.",
    },
    android(tls, isPublic),
    ...(https
      ? [
          {
            device: "iPhone, iPad and Mac",
            steps: [
              ...trust,
              "Open {profile} in Safari and allow the download.",
              "iPhone, iPad: <b>Settings → Profile Downloaded → Install</b>. Mac: <b>System Settings → General → Device Management</b>, open the profile, <b>Install</b>.",
            ],
            note: "All apps then ask this box, by DNS over HTTPS, wherever it is reached. Elsewhere the device asks as before. If the address of this box changes, install the profile again.",
          },
        ]
      : []),
    {
      device: "Windows 11",
      steps: [
        ...(https ? trust : []),
        "<b>Settings → Network &amp; internet</b>, the network in use, <b>DNS server assignment → Edit → Manual</b>, <b>IPv4</b> on.",
        `Preferred DNS: {address}.${https ? " DNS over HTTPS: <b>On (manual template)</b>, {template}." : ""} Leave the alternate DNS empty, and do the same for IPv6 or switch it off.`,
      ],
    },
    linux(tls === undefined ? [] : trust, tls !== undefined),
    {
      device: "Browsers",
      steps: [
        https
          ? "A browser with secure DNS of its own goes past this box. Switch that off, or give it {template}."
          : "A browser with secure DNS of its own goes past this box: switch that off.",
        "Firefox: <b>Settings → Privacy &amp; Security → DNS over HTTPS</b>. Chrome, Edge: <b>Settings → Privacy and security → Security → Use secure DNS</b>.",
      ],
      note: "Firefox leaves its own off by itself where this box is the resolver of the network.",
    },
    {
      device: "See whether it works",
      steps: [
        "<code>nslookup {name}</code> in a terminal names this box as the server, and its address.",
        "The dashboard shows the queries of each device.",
      ],
    },
  ];
}

function android(tls: number | undefined, isPublic: boolean): Guide {
  const device = "Android";
  if (tls !== undefined && isPublic)
    return {
      device,
      steps: [
        "<b>Settings → Network &amp; internet → Private DNS</b>: choose the provider's host name, and enter {tlsName}.",
      ],
      note: "That name must lead to this box wherever the device is: elsewhere Android has no DNS without it. {tlsPort}",
    };
  const automatic =
    tls === ANDROID_TLS_PORT
      ? "Leave <b>Private DNS</b> (Settings → Network &amp; internet) at <b>Automatic</b>: Android then asks this box by TLS of its own accord."
      : "Leave <b>Private DNS</b> (Settings → Network &amp; internet) at <b>Automatic</b> or off.";
  return {
    device,
    steps: [
      "Set the router, as above. Or only this device: <b>Settings → Network &amp; internet → Internet</b>, the network's gear, edit, <b>IP settings: Static</b>, DNS 1: {address}.",
      automatic,
    ],
    note: "The host name of another provider there goes past this box. That of this box does not work: Android takes public certificates alone for it.",
  };
}

function linux(trust: readonly string[], tls: boolean): Guide {
  const servers = tls ? "DNS={tlsServers}\nDNSOverTLS=yes" : "DNS={servers}";
  return {
    device: "Linux",
    steps: [
      ...trust,
      `With systemd-resolved, as <code>/etc/systemd/resolved.conf.d/tenk.conf</code>:<pre>[Resolve]\n${servers}\nDomains=~.</pre>`,
      "<code>sudo systemctl restart systemd-resolved</code>, then <code>resolvectl query {name}</code>.",
    ],
    note: "With NetworkManager alone: <code>nmcli connection modify NAME ipv4.dns {address} ipv4.ignore-auto-dns yes</code>.",
  };
}
