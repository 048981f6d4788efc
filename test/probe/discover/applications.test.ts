import { expect, test } from "bun:test";
import type { HttpResponse } from "../../../src/http/mod.ts";
import { applicationOf } from "../../../src/probe/discover/applications.ts";

const response = (fields: HttpResponse["fields"], body = ""): HttpResponse => ({
  status: 200,
  fields,
  body: new TextEncoder().encode(body),
  isCut: false,
  remoteAddress: "127.0.0.1",
  tls: undefined,
  headMs: 1,
  totalMs: 1,
});

test.each([
  ["influxdb", response([["x-influxdb-version", "1.6.7"]])],
  ["transmission", response([["server", "Transmission"]])],
  ["prometheus", response([["location", "/graph"]])],
  ["prometheus", response([["location", "/classic/graph"]])],
  ["cups", response([["server", "CUPS/2.4 IPP/2.1"]])],
  ["node-red", response([["x-powered-by", "Express"]], "<html><title>Node-RED</title>")],
  ["uptime-kuma", response([["server", "nginx"]], "<title>\n Uptime Kuma</title>")],
  ["nginx", response([["server", "nginx/1.22.1"]], "<title>Welcome</title>")],
  [undefined, response([["server", "gunicorn"]], "<title>Some prometheusish app</title>")],
  [undefined, response([], "\x00\xff<title>")],
])("an answer of %p is known by its fields and its title", (name, given) => {
  expect(applicationOf(given)).toBe(name!);
});
