/** Writes history as fast as it can, and prints the number of each batch once it is on disk. Ended by a signal. */
import { Store } from "../../src/store/mod.ts";
import { Simulation, START_MS } from "./simulate.ts";

const [folder = "", first = "0"] = process.argv.slice(2);
const store = new Store({ folder });
const simulation = new Simulation(100, "noise");
for (let block = Number(first); ; block++) {
  const isWritten = await store.write([simulation.block(START_MS + block * 300_000)]);
  process.stdout.write(isWritten ? `${block}\n` : "failed\n");
}
