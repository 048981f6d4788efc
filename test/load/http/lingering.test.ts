import { expect, test } from "bun:test";
import { Lingering } from "../../../src/load/http/lingering.ts";
import { until } from "../../net/support.ts";
import { expectBalance, PATIENT, rawServer, runHttp } from "./support.ts";

const LAST = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

test("the oldest connection is given up when more linger than the run has connections, or 256", () => {
  for (const [connections, most] of [
    [1, 256],
    [300, 300],
  ] as const) {
    const lingering = new Lingering(connections);
    const givenUp: number[] = [];
    for (let at = 0; at < most + 3; at++) lingering.add({ giveUp: () => givenUp.push(at) });
    expect(givenUp).toEqual([0, 1, 2]);
  }
});

test("a server that says it closes and does not holds no more than 256 connections beside the open ones", async () => {
  let open = 0;
  let most = 0;
  await using server = await rawServer(
    (socket) => void socket.write(LAST),
    (socket) => {
      most = Math.max(most, ++open);
      socket.on("close", () => {
        open -= 1;
      });
    },
  );
  const report = await runHttp(server.url, { ...PATIENT, requests: 1500, connections: 4 });
  expect(report.protocol).toMatchObject({ status: { 200: 1500 }, errors: 0 });
  expect(report.connections.lost).toBe(0);
  expectBalance(report);
  // About 550: the server hears of a reset later, on a busy machine much later.
  expect(most).toBeLessThan(1400);
});

test("a connection that its server announced to close and does not is closed a second later", async () => {
  let ended = 0;
  await using server = await rawServer(
    (socket) => void socket.write(LAST),
    (socket) => void socket.on("end", () => (ended += 1)),
  );
  const report = await runHttp(server.url, { ...PATIENT, requests: 3 });
  expect(report.protocol).toMatchObject({ status: { 200: 3 }, errors: 0 });
  await until(() => ended >= 3);
});

test("pipelined requests behind an answer that is the last of its connection are errors", async () => {
  await using server = await rawServer((socket, index) => void (index === 0 && socket.end(LAST)));
  const report = await runHttp(server.url, { ...PATIENT, requests: 8, pipeline: 4 });
  const { errors, errorsBy, status } = report.protocol;
  expect([errorsBy, errors + (status["200"] ?? 0)]).toEqual([{ "first byte closed": errors }, 8]);
  expect(errors).toBeGreaterThan(0);
  expectBalance(report);
});
