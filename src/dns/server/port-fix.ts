import type { PortHolder } from "../../part/mod.ts";

/** What makes the usual holders of port 53 release it. Linux shows the first 15 letters of a program's name. */
const FIXES: Readonly<Record<string, string>> = {
  "systemd-resolve":
    "printf '[Resolve]\\nDNSStubListener=no\\n' | sudo tee /etc/systemd/resolved.conf.d/tenk.conf; " +
    "sudo ln -sf /run/systemd/resolve/resolv.conf /etc/resolv.conf; sudo systemctl restart systemd-resolved",
  dnsmasq: "sudo systemctl disable --now dnsmasq (or port=0 in its configuration, where it serves DHCP)",
  unbound: "sudo systemctl disable --now unbound",
  named: "sudo systemctl disable --now named",
  "pihole-FTL": "sudo systemctl disable --now pihole-FTL",
  AdGuardHome: "sudo systemctl disable --now AdGuardHome",
  blocky: "sudo systemctl disable --now blocky",
  coredns: "stop coredns",
  "aardvark-dns":
    "podman's own DNS has it: set dns_bind_port in containers.conf, or dns.listen to the address of your network",
};

/** Returns what a person does about the program that holds the port. */
export function portFix({ program }: PortHolder): string {
  return FIXES[program.slice(0, 15)] ?? `stop ${program}`;
}
