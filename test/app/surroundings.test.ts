import { expect, test } from "bun:test";
import { surroundings, usualDashboard, usualDrainDelayMs } from "../../src/app/config/surroundings.ts";

test.each([
  [{}, "machine"],
  [{ container: "" }, "machine"],
  [{ container: "systemd-nspawn" }, "machine"],
  [{ container: "lxc" }, "machine"],
  [{ container: "podman" }, "container"],
  [{ container: "oci" }, "container"],
  [{ KUBERNETES_SERVICE_HOST: "10.96.0.1" }, "pod"],
  [{ KUBERNETES_SERVICE_HOST: "10.96.0.1", container: "oci" }, "pod"],
] as const)("%o is a %s", (environment, expected) => {
  expect(surroundings(environment)).toBe(expected);
  expect(usualDashboard(environment).startsWith("127.0.0.1")).toBe(expected === "machine");
  expect(usualDrainDelayMs(environment)).toBe(expected === "pod" ? 10_000 : 0);
});
