import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../../scripts/build.ts";
import { makeBaseImage } from "./base-image.ts";
import { ENGINE_PROGRAMS, Engine } from "./engine.ts";
import { isWanted, run } from "./wanted.ts";

const ROOT = join(import.meta.dirname, "../..");
const IMAGE = "localhost/tenk:latest";
const CONNECTIONS = 3000;
const TIMEOUT_MS = 120_000;
/** Decimal, as Docker and Podman print sizes. */
const MOST_IMAGE_BYTES = 130e6;
const HARDENED = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges", "--tmpfs", "/tmp"];
const PODMAN_COMPOSE = "podman-compose==1.6.0";

if (process.arch === "x64" && isWanted("the image", [...ENGINE_PROGRAMS, "curl", "python3"])) {
  describe("the image", () => {
    let engine: Engine;
    let program: string;
    beforeAll(async () => {
      engine = new Engine();
      program = await build("x64", join(engine.folder, "context/dist"), { isLean: true });
      makeBaseImage("docker.io/library/debian:12-slim", engine.folder, engine.env);
      cpSync(join(ROOT, "deploy"), join(engine.folder, "deploy"), { recursive: true });
      const words = [
        "bud",
        "--isolation=chroot",
        "--pull-never",
        "--format=docker",
        "--ignorefile",
        join(ROOT, ".dockerignore"),
      ];
      const given = ["PROGRAM=file", "VERSION=1.2.3", "REVISION=abc"].flatMap((each) => ["--build-arg", each]);
      const file = join(ROOT, "deploy/container/Dockerfile");
      run("buildah", [...words, ...given, "--file", file, "--tag", IMAGE, join(engine.folder, "context")], {
        env: engine.env,
      });
    }, TIMEOUT_MS);
    afterAll(() => engine[Symbol.dispose](), TIMEOUT_MS);

    /** Starts a container with a configuration; it is removed with the engine. */
    function start(name: string, config: string, ...words: string[]): number {
      const folder = join(engine.folder, name);
      mkdirSync(folder);
      writeFileSync(join(folder, "tenk.yaml"), config);
      const places = ["--network", `ns:${engine.network}`, "--volume", `${folder}:/etc/tenk:ro`];
      engine.podman("run", "--detach", "--name", name, ...places, ...HARDENED, ...words, IMAGE);
      return Number(engine.podman("inspect", "--format", "{{.State.Pid}}", name));
    }

    test("is small, says what it is, and has a user, a volume and a health check", () => {
      const [image] = JSON.parse(engine.podman("image", "inspect", IMAGE));
      expect(image.Size).toBeLessThan(MOST_IMAGE_BYTES);
      expect(image.User).toBe("65532:65532");
      expect(image.Labels).toMatchObject({
        "org.opencontainers.image.title": "tenk",
        "org.opencontainers.image.version": "1.2.3",
        "org.opencontainers.image.revision": "abc",
      });
      expect(image.Config).toMatchObject({ StopSignal: "SIGTERM", Volumes: { "/data": {} } });
      expect(image.Healthcheck.Test).toEqual(["CMD", "/usr/bin/tenk", "health"]);
    });

    test(
      `holds ${CONNECTIONS} connections in 64 MiB, read-only, as nobody, without a capability, and stops with 0`,
      async () => {
        const pid = start("small", "tcp: { packets: { listen: 9091 } }\n", "--memory", "64m", "--cpus", "1.5");
        engine.get("http://127.0.0.1:9190/healthz");
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m);
        for (const set of ["CapEff", "CapPrm", "CapBnd", "CapAmb"])
          expect(status).toMatch(new RegExp(`^${set}:\\t0+$`, "m"));
        expect(status).toMatch(/^NoNewPrivs:\t1$/m);
        expect(readFileSync(`/proc/${pid}/mountinfo`, "utf8")).toMatch(/ \/ \/ ro[ ,]/);

        const words = ["load", "tcp", "127.0.0.1:9091", "-c", `${CONNECTIONS}`, "-r", "1", "-m", "x", "-T", "4s"];
        const load = engine.start(program, [...words, "--connect-rate", "2000", "--json", "-"]);
        let json = "";
        load.stdout.on("data", (part) => (json += part));
        const ended = once(load, "close");
        engine.inside("sh", ["-c", `until [ "$(curl -s 127.0.0.1:9190/healthz)" = ok ]; do sleep 0.1; done`]);
        const shown = engine.tryPodman("exec", "small", "/usr/bin/tenk", "status");
        expect(shown.text).toMatch(/^limits .*1\.5 cores.*memory .* of 64 MiB$/m);
        expect(engine.tryPodman("healthcheck", "run", "small")).toEqual({ status: 0, text: "" });
        await ended;
        expect(JSON.parse(json).connections).toMatchObject({ opened: CONNECTIONS, failed: 0, lost: 0 });

        const log = engine.tryPodman("logs", "small").text;
        expect(log).toContain("limits memory=64MiB cpu=1.5 workers=1 caches=25%");
        const token = readFileSync(`/proc/${pid}/root/data/tenk/token`, "utf8").trim();
        expect(token.length).toBeGreaterThan(20);
        expect(log).not.toContain(token);
        engine.podman("stop", "--time", "20", "small");
        expect(engine.podman("inspect", "--format", "{{.State.ExitCode}} {{.State.OOMKilled}}", "small")).toBe(
          "0 false\n",
        );
      },
      TIMEOUT_MS,
    );

    test(
      "starts in 40 MiB with half a core, is well, and prints no token where it may keep none",
      () => {
        start(
          "tiny",
          "tcp: { packets: { listen: 9091 } }\n",
          "--memory",
          "40m",
          "--cpus",
          "0.5",
          "--tmpfs",
          "/data:ro",
        );
        engine.get("http://127.0.0.1:9190/healthz");
        expect(engine.tryPodman("healthcheck", "run", "tiny")).toEqual({ status: 0, text: "" });
        const log = engine.tryPodman("logs", "tiny").text;
        expect(log).toContain("limits memory=40MiB cpu=0.5 workers=1 caches=");
        expect(log).not.toContain("token=");
        engine.podman("stop", "--time", "20", "tiny");
        expect(engine.podman("inspect", "--format", "{{.State.ExitCode}}", "tiny")).toBe("0\n");
      },
      TIMEOUT_MS,
    );

    describe.each(["compose.host.yaml", "compose.yaml"])("%s", (name) => {
      test(
        "starts it with its volumes, its ports answer, and it goes away",
        () => {
          const folder = join(engine.folder, "deploy/compose");
          writeFileSync(join(folder, "config/tenk.yaml"), "dns: { blocklists: [] }\nproxy: {}\n");
          const limits = join(engine.folder, "limits.yaml");
          writeFileSync(limits, "services: { tenk: { ulimits: { nproc: { soft: 32768, hard: 32768 } } } }\n");
          const env = { ...engine.env, PYTHONPATH: podmanCompose(), TENK_IMAGE: IMAGE };
          const project = ["--project-name", name.replace(/\W/g, ""), "-f", join(folder, name), "-f", limits];
          const compose = (...words: string[]) =>
            engine.inside("python3", ["-m", "podman_compose", ...project, ...words], { cwd: folder, env });
          compose("up", "--detach", "--no-build");
          try {
            expect(engine.get("https://127.0.0.1/ca")).toContain("<html");
            expect(engine.inside("dig", ["+short", "+tries=1", "@127.0.0.1", "localhost"])).toBe("127.0.0.1\n");
          } finally {
            compose("down", "--volumes");
          }
          expect(engine.podman("ps", "--all", "--quiet", "--filter", "label=io.podman.compose.project=compose")).toBe(
            "",
          );
        },
        TIMEOUT_MS,
      );
    });
  });
}

/** Debian's is of 2021, and gives a container of the host's network a second one. @returns the folder for PYTHONPATH */
function podmanCompose(): string {
  const folder = join(tmpdir(), `tenk-${PODMAN_COMPOSE.replace("==", "-")}`);
  if (!existsSync(join(folder, "podman_compose.py")))
    run("python3", ["-m", "pip", "install", "--quiet", "--no-cache-dir", "--target", folder, PODMAN_COMPOSE]);
  return folder;
}
