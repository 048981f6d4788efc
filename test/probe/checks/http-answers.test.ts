import { describe, expect, test } from "bun:test";
import { HTTP_APPLICATIONS, type HttpApplication } from "../../../src/part/mod.ts";
import type { HttpCheck } from "../../../src/probe/checks/mod.ts";
import { APPLICATIONS } from "../../../src/probe/checks/mod.ts";
import { probe, reasonOf, Servers } from "./http-support.ts";

const BODY = JSON.stringify({ status: "pass", checks: [{ state: "up", size: 3 }], ok: true, none: null });

describe("an answer with status 200, a header and JSON", () => {
  test.each<[Partial<HttpCheck>, string | undefined]>([
    [{ status: ["200"] }, undefined],
    [{ status: ["2xx"] }, undefined],
    [{ status: ["204", "3xx"] }, "it answers with status 200, but 204, 3xx was expected"],
    [{ expected: { header: { "X-Version": true } } }, undefined],
    [{ expected: { header: { "content-type": "json" } } }, undefined],
    [{ expected: { header: { "X-Version": "2." } } }, 'its header X-Version is "1.4", without "2."'],
    [{ expected: { header: { "X-Other": true } } }, "its answer has no header X-Other"],
    [{ expected: { body: '"pass"' } }, undefined],
    [{ expected: { body: "fail" } }, 'its answer does not contain "fail"'],
    [{ expected: { notBody: "fail" } }, undefined],
    [{ expected: { notBody: "pass" } }, 'its answer contains "pass"'],
    [{ expected: { json: { ".status": "pass", ".checks[0].state": "up" } } }, undefined],
    [{ expected: { json: { ".checks[0].size": 3, ".ok": true, ".none": null } } }, undefined],
    [{ expected: { json: { ".status": "fail" } } }, 'its .status is "pass", not "fail"'],
    [{ expected: { json: { ".checks[1].state": "up" } } }, "its answer has no .checks[1].state"],
    [{ expected: { json: { ".checks.length": 1 } } }, "its answer has no .checks.length"],
    [{ expected: { json: { ".constructor": 1 } } }, "its answer has no .constructor"],
    [{ expected: { json: { ".checks": 1 } } }, "its .checks is no single value"],
  ])("asked with %j: %s", async (more, reason) => {
    using servers = new Servers();
    const port = await servers.http((_, response) =>
      response.writeHead(200, { "X-Version": "1.4", "Content-Type": "application/json" }).end(BODY),
    );
    const outcome = await probe(port, more);
    expect([outcome.result, reasonOf(outcome)]).toEqual([reason === undefined ? "up" : "down", reason]);
  });
});

test("a text is found in an answer that is compressed although none was asked for", async () => {
  using servers = new Servers();
  const port = await servers.http((request, response) => {
    expect(request.headers["accept-encoding"]).toBe("identity");
    response.writeHead(200, { "Content-Encoding": "gzip" }).end(Bun.gzipSync("it is well"));
  });
  expect(await probe(port, { expected: { body: "well" } })).toMatchObject({ result: "up" });
});

/** What each application answers by its documentation: status, headers, body. */
const ANSWERS: Readonly<Record<HttpApplication, [number, Record<string, string>, string, string?]>> = {
  adguard: [200, {}, '{"version":"v0.107.52","running":true}', "v0.107.52"],
  alertmanager: [200, {}, "OK"],
  elasticsearch: [200, {}, '{"cluster_name":"a","status":"yellow"}'],
  emby: [200, {}, "Emby Server"],
  etcd: [200, {}, '{"health":"true","reason":""}'],
  forgejo: [200, {}, '{"status":"pass"}'],
  gitea: [200, {}, '{"status":"pass","checks":{}}'],
  grafana: [200, {}, '{"database":"ok","version":"11.2.0","commit":"a"}', "11.2.0"],
  "home-assistant": [200, {}, '{"name":"Home Assistant"}'],
  immich: [200, {}, '{"res":"pong"}'],
  influxdb: [204, { "X-Influxdb-Version": "1.6.7" }, "", "1.6.7"],
  jellyfin: [200, {}, "Healthy"],
  lidarr: [200, {}, '{"status": "OK"}'],
  nextcloud: [200, {}, '{"installed":true,"maintenance":false,"versionstring":"29.0.4"}', "29.0.4"],
  "node-red": [200, {}, '{"httpNodeRoot":"/","version":"4.1.0"}', "4.1.0"],
  opensearch: [200, {}, '{"cluster_name":"a","status":"green"}'],
  prometheus: [200, {}, "Prometheus Server is Ready.\n"],
  prowlarr: [200, {}, '{"status": "OK"}'],
  qbittorrent: [403, {}, "Forbidden"],
  radarr: [200, {}, '{"status": "OK"}'],
  readarr: [200, {}, '{"status": "OK"}'],
  registry: [401, { "Docker-Distribution-Api-Version": "registry/2.0" }, '{"errors":[]}'],
  sonarr: [200, {}, '{"status": "OK"}'],
  syncthing: [200, { "X-Syncthing-Version": "v1.27.2" }, '{"status":"OK"}', "v1.27.2"],
  transmission: [409, { "X-Transmission-Session-Id": "a" }, "409: Conflict"],
  vaultwarden: [200, {}, '"2026-11-30T00:00:00Z"'],
};

describe("an application", () => {
  test.each([...HTTP_APPLICATIONS])("%s is asked at its own path, and known by its answer alone", async (kind) => {
    using servers = new Servers();
    const application = APPLICATIONS[kind];
    const [status, headers, body, version] = ANSWERS[kind];
    let answersAsSuch = true;
    const port = await servers.http((request, response) => {
      if (!answersAsSuch) response.writeHead(500).end();
      else if (request.url !== application.path) response.writeHead(404).end("none");
      else response.writeHead(status, headers).end(body);
    });
    const outcome = await probe(port, { application, path: application.path });
    expect([outcome.result, outcome.facts.version]).toEqual(["up", version]);
    answersAsSuch = false;
    expect(await probe(port, { application, path: application.path })).toMatchObject({ result: "down" });
  });

  test.each<[HttpApplication, number, string, string, string]>([
    ["prometheus", 503, "Service Unavailable", "starting", "it answers with status 503: it is not ready yet"],
    ["gitea", 200, '{"status":"fail"}', "down", 'its .status is "fail", not "pass"'],
    ["nextcloud", 200, '{"installed":true,"maintenance":true}', "down", 'its .maintenance is "true", not "false"'],
    ["registry", 200, "{}", "down", "its answer has no header docker-distribution-api-version"],
    ["grafana", 401, "", "restricted", "it answers with status 401: it wants to know who asks"],
    ["opensearch", 200, '{"status":"red"}', "down", 'its answer contains ""status":"red""'],
  ])("%s that answers %d %s is %s: %s", async (kind, status, body, result, reason) => {
    using servers = new Servers();
    const port = await servers.http((_, response) => response.writeHead(status).end(body));
    const application = APPLICATIONS[kind];
    const outcome = await probe(port, { application, path: application.path });
    expect<unknown>([outcome.result, reasonOf(outcome)]).toEqual([result, reason]);
  });
});
