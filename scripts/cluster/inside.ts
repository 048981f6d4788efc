/** Runs in the cluster's namespaces, as their first process: starts it, puts tenk into it, and tries what is asked for. */
import { join } from "node:path";
import { loadByAgents } from "./agents.ts";
import { BINARIES } from "./binaries.ts";
import { command, kubectl, startCluster } from "./components.ts";
import { importImages } from "./images.ts";
import { applyServer, WITHOUT_DRAIN } from "./manifests.ts";
import { addToken, complaintsOfObjects } from "./objects.ts";
import { countsText, failuresOf, rollUnderLoad } from "./rolling.ts";

const [task = "", folder = "", cgroup = ""] = process.argv.slice(2);
/** Rolling updates that are tried: more say more. */
const RUNS = Number(process.env.TENK_RUNS ?? 3);
const TRIES = 3;

// A volume of the node's root is shown to pods together with what is mounted below it.
command("mount", "--make-rshared", "/");
const since = performance.now();
const cluster = await startCluster(folder, cgroup);
say("the node is ready");
await importImages(cluster);
say("the images are there");
kubectl(cluster, ["create", "namespace", "tenk"]);
addToken(cluster);
await applyServer(cluster);
say("tenk runs in the namespace tenk, whose Pod Security level is restricted");
if (task === "up") {
  const program = join(BINARIES, "kubectl");
  console.log(`
nsenter --target $(pgrep -of ${folder}/kubelet.yaml) --net ${program} --kubeconfig=${cluster.kubeconfig} get pods --all-namespaces
Ctrl-C removes it all.`);
  await new Promise(() => {});
}
const failures: string[] = [];
const complaints = await complaintsOfObjects(cluster);
say(
  `token, name server and metrics of the node, smallest number of pods: ${complaints.length === 0 ? "as they should be" : "wrong"}`,
);
failures.push(...complaints);
const load = await loadByAgents(cluster);
say(`a load test by an indexed Job: ${load.summary}`);
failures.push(...load.complaints);
for (let run = 1; run <= RUNS; run++) {
  const counts = await rollUnderLoad(cluster);
  say(`rolling update ${run}: ${countsText(counts)}`);
  if (failuresOf(counts) > 0) failures.push(`connections were lost in rolling update ${run}`);
}
await applyServer(cluster, WITHOUT_DRAIN);
let lost = 0;
// A node that is slow to end a pod may be quick enough to tell of it.
for (let run = 0; run < TRIES && lost === 0; run++) {
  const counts = await rollUnderLoad(cluster);
  lost = failuresOf(counts);
  say(`without the drain delay: ${countsText(counts)}`);
}
if (lost === 0) failures.push("none was lost without the drain delay: the load shows nothing");
console.log(failures.length === 0 ? "passed" : `failed: ${failures.join("; ")}`);
process.exit(failures.length === 0 ? 0 : 1);

function say(what: string): void {
  console.log(`${((performance.now() - since) / 1000).toFixed(1).padStart(6)} s  ${what}`);
}
