import { describe, expect, test } from "bun:test";
import { parseConfig } from "../../src/app/mod.ts";
import { watchedTarget } from "../../src/part/mod.ts";

const config = (service: string) => parseConfig(`domain: home.arpa\nservices:\n  app: ${service}\n`, "tenk.yaml");

describe("a service that is only watched", () => {
  test.each([
    ['"ping:nas.home.arpa"', "icmp", "nas.home.arpa"],
    ['"icmp://[fe80::1%eth0]"', "icmp", "fe80::1%eth0"],
    ["{ kind: icmp, target: ping:10.0.0.7 }", "icmp", "10.0.0.7"],
    ["tls://mail.home.arpa", "tls", { host: "mail.home.arpa", port: 443 }],
    ['"tls://[::1]:993"', "tls", { host: "::1", port: 993 }],
    ["dns://9.9.9.9", "dns", { host: "9.9.9.9", port: 53, name: ".", type: 2 }],
    ['"dns://ns.home.arpa:5353/home.arpa?type=aaaa"', "dns", { host: "ns.home.arpa", port: 5353, name: "home.arpa", type: 28 }], // biome-ignore format: a row
    ["file:/var/backups/db.gz", "file", "/var/backups/db.gz"],
    ['"file:///mnt/my disk/db"', "file", "/mnt/my disk/db"],
    ["systemd:nginx", "systemd", "nginx.service"],
    ["systemd:getty@tty1.service", "systemd", "getty@tty1.service"],
    ["systemd:backup.timer", "systemd", "backup.timer"],
    ["docker:postgres_1", "container", "postgres_1"],
  ] as const)("such as %s is read, and gets no names and no HTTPS", (service, kind, watched) => {
    const [read] = config(service).services;
    expect(read).toMatchObject({ kind, hosts: [], dns: false, http: undefined });
    expect(watchedTarget(kind, read!.target)).toEqual(watched as never);
  });

  test.each([
    ['"ping:"', "target: expected such as ping:nas.home.arpa"],
    ['"ping:a b"', "target: expected such as ping:"],
    ['"ping:-n"', "target: expected such as ping:"],
    ['"systemd:a/b"', "target: expected such as systemd:backup.service"],
    ["file:relative", "target: expected such as file:/var/backups/db.sql.gz"],
    ['"docker:../info"', "target: expected such as docker:postgres"],
    ["dns://9.9.9.9/home.arpa?type=NOSUCH", "target: expected such as dns://192.168.1.1/home.arpa?type=A"],
    ["dns://9.9.9.9/a..b", "target: expected such as dns://"],
    ["{ target: ping:nas, dns: true }", "dns: expected false: a service of kind icmp has no address"],
    ["{ target: ping:nas, hosts: [nas.home.arpa] }", "hosts: expected none"],
    ["{ target: ping:nas, maxBody: 1MiB }", "maxBody: expected only where it is served by HTTPS"],
    ["{ target: ping:nas, probe: { path: /x } }", "probe.path: expected only where it is asked by HTTP"],
    ["{ target: ping:nas, probe: { maxAge: 1h } }", "probe.maxAge: expected only where its kind is file or systemd"],
    ["{ kind: icmp, respond: hi }", "target: expected such as ping:"],
    ["{ kind: http, target: file:/etc/passwd }", "target: expected a URL without a path"],
    ["{ target: http://a, probe: { answer: 192.0.2.1 } }", "probe.answer: expected only where its kind is dns"],
  ])("%s is refused", (service, message) => {
    expect(() => config(service)).toThrow(`services.app.${message}`);
  });
});
