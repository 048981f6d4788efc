import { expect, test } from "bun:test";
import { type Container, containerTrouble, knownImage } from "../../src/containers/mod.ts";

const base = {
  name: "web",
  state: "running",
  health: "none",
  healthText: undefined,
  exitCode: undefined,
  isOutOfMemory: false,
  restarts: 0,
};
test.each([
  [{}, undefined],
  [{ state: "paused" }, "container web is paused: docker unpause web"],
  [{ state: "exited", exitCode: 1 }, "container web exited with 1 (docker logs web)"],
  [{ state: "exited", exitCode: 127 }, "container web exited with 127: its command was not found (docker logs web)"],
  [
    { state: "restarting", exitCode: 2, restarts: 9 },
    "container web exits with 2 again and again, 9 times: docker logs web",
  ],
  [
    { health: "unhealthy", healthText: "no db" },
    "container web fails its own health check (it says: no db): docker logs web",
  ],
  [{ health: "starting" }, undefined],
])("%j → %s", (given, words) => {
  expect(containerTrouble({ ...base, ...given } as Container)).toBe(words!);
});

test.each([
  ["redis:7-alpine", { name: "redis", scheme: "redis", port: 6379 }],
  ["docker.io/library/postgres@sha256:abcd", { name: "postgres", scheme: "postgres", port: 5432 }],
  ["registry.example:5000/team/App:1.2", { name: "app", scheme: undefined, port: undefined }],
  ["gitea/gitea", { name: "gitea", scheme: "http", port: 3000 }],
])("the image %s is %j", (image, known) => {
  expect(knownImage(image)).toEqual(known);
});
