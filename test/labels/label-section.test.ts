import { describe, expect, test } from "bun:test";
import type { Container } from "../../src/containers/mod.ts";
import { labelledServices } from "../../src/labels/label-section.ts";

const read = (labels: Record<string, string>, name = "web-1") =>
  labelledServices({ name, labels } as unknown as Container);

describe("labels of a container", () => {
  test("none, or tenk.enable=false, declare nothing", () => {
    expect(read({})).toEqual([]);
    expect(read({ "com.docker.compose.service": "web" })).toEqual([]);
    expect(read({ "tenk.enable": "false", "tenk.name": "git" })).toEqual([]);
  });

  test("keys with dots are sections, lists have commas, flags are true or false", () => {
    expect(
      read({
        "tenk.name": "git",
        "tenk.port": "3000",
        "tenk.hosts": "git.home.arpa, [code.home.arpa]".replace(/[[\]]/g, ""),
        "tenk.health.path": "/ok",
        "tenk.proxy": "true",
        "tenk.probe.path": "/healthz",
        "tenk.auth.forward": "http://127.0.0.1:9091/api/verify",
        "tenk.headers.response.set.X-Frame-Options": "DENY",
      }),
    ).toEqual([
      {
        name: "git",
        prefix: "tenk.",
        port: 3000,
        scheme: undefined,
        section: {
          hosts: ["git.home.arpa", "code.home.arpa"],
          health: { path: "/ok" },
          proxy: true,
          probe: { path: "/healthz" },
          auth: { forward: { url: "http://127.0.0.1:9091/api/verify" } },
          headers: { response: { set: { "X-Frame-Options": "DENY" } } },
        },
      },
    ]);
  });

  test("a container may have several services, with names of their own", () => {
    const services = read({
      "tenk.name": "git",
      "tenk.services.git-ssh.port": "22",
      "tenk.services.git-ssh.scheme": "ssh",
    });
    expect(services).toMatchObject([
      { name: "git", prefix: "tenk." },
      { name: "git-ssh", prefix: "tenk.services.git-ssh.", port: 22, scheme: "ssh" },
    ]);
    expect(read({ "tenk.enable": "true", "tenk.services.a.port": "1" })).toHaveLength(1);
  });

  test.each([
    [{ "tenk.port": "80" }, "web-1", "web-1"],
    [{ "tenk.port": "80", "com.docker.compose.service": "web" }, "house-web-1", "web"],
    [{ "tenk.port": "80" }, "My_App.2", "my-app-2"],
  ])("without tenk.name %j of %s is called %s", (labels, container, name) => {
    expect(read(labels, container)).toMatchObject([{ name }]);
  });

  test("probe=true and labels below it go together in any order", () => {
    expect(read({ "tenk.probe": "true", "tenk.probe.path": "/a" })).toMatchObject([
      { section: { probe: { path: "/a" } } },
    ]);
    expect(read({ "tenk.probe.path": "/a", "tenk.probe": "true" })).toMatchObject([
      { section: { probe: { path: "/a" } } },
    ]);
    expect(read({ "tenk.probe": "false", "tenk.probe.path": "/a" })).toMatchObject({
      reason: "label tenk.probe.path: expected only one of tenk.probe and labels below it",
    });
  });
});

test.each([
  ["tenk.auth.users.ann", "x", "labels may not set this: declare the service in tenk.yaml"],
  ["tenk.tls.ca", "/etc/shadow", "labels may not set this"],
  ["tenk.tls.key", "/etc/shadow", "labels may not set this"],
  ["tenk.root", "/etc", "labels may not set this"],
  ["tenk.root.folder", "/etc", "labels may not set this"],
  ["tenk.probe.passwordFile", "/etc/shadow", "labels may not set this"],
  ["tenk.probe.tokenEnv", "HOME", "labels may not set this"],
  ["tenk.probe.headers.Authorization", "x", "labels may not set this"],
  ["tenk.probe.query", "SELECT 1", "labels may not set this"],
  ["tenk.headers.request.set.X-User", "root", "labels may not set this"],
  ["tenk.sticky.secret", "x", "labels may not set this"],
  ["tenk.respond", "hi", "labels may not set this"],
  ["tenk.host", "a", "unknown, did you mean tenk.hosts?"],
  ["tenk.__proto__.x", "a", "unknown"],
  ["tenk.constructor", "a", "unknown"],
  ["tenk.proxy", "maybe", 'expected true or false, found "maybe"'],
  ["tenk.port", "80/tcp", "expected a port of the container from 1 to 65535"],
  ["tenk.port", "0", "expected a port"],
  ["tenk.scheme", "a b", "expected a scheme"],
  ["tenk.target", "unix:/run/docker.sock", "expected a URL of a host and a port"],
  ["tenk.target", "dashboard", "expected a URL of a host and a port"],
  ["tenk.target", "file:///etc/shadow", "expected a URL of a host and a port"],
  ["tenk.target", "docker:web", "expected a URL of a host and a port"],
  ["tenk.target", "redis://:secret@10.0.0.1", '"redis://***@10.0.0.1"'],
  ["tenk.hosts", "a.home.arpa,*", "expected names such as git.home.arpa"],
  ["tenk.group", "x".repeat(4097), "expected at most 4096 characters"],
  ["tenk.services.git", "x", "expected a key of a service"],
])("the label %s = %s is refused with its name and what was expected", (label, value, said) => {
  const labels = Object.fromEntries([[label, value]]);
  const found = read(labels);
  expect(found).toHaveProperty("reason");
  const { reason } = found as { reason: string };
  expect(reason).toContain(said);
  expect(reason).toContain(label.slice(0, 100));
  expect(reason).not.toContain("secret@");
});

test("more labels or services than a container may have are refused, and not cut off", () => {
  const labels = (count: number, label: (at: number) => string) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [label(at), "1"]));
  expect(read(labels(101, (at) => `tenk.services.a${at}.port`))).toHaveProperty("reason");
  expect(read(labels(11, (at) => `tenk.services.a${at}.port`))).toMatchObject({
    reason: "expected at most 10 services of one container",
  });
});
