/** The reload coordinator against a model: all participants change, or none does. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { changeTogether } from "../../src/app/reload.ts";

type Fault = "none" | "prepare" | "commit";

const participant = fc.record({
  fault: fc.constantFrom<Fault>("none", "none", "none", "prepare"),
  mayFail: fc.constant<boolean>(false),
});
const oneThatMayFail = fc.record({
  fault: fc.constantFrom<Fault>("none", "prepare", "commit"),
  mayFail: fc.constant<boolean>(true),
});
const participants = fc
  .tuple(fc.array(participant, { maxLength: 5 }), fc.option(oneThatMayFail, { nil: undefined }), fc.nat())
  .map(([all, special, at]) => (special === undefined ? all : all.toSpliced(at % (all.length + 1), 0, special)));

test("either all participants commit, or all that prepared drop, each once", async () => {
  await fc.assert(
    fc.asyncProperty(participants, async (all) => {
      const told: string[][] = all.map(() => []);
      const prepares = all.map(({ fault, mayFail }, index) => async () => {
        if (fault === "prepare") throw new Error(`prepare ${index}`);
        told[index]!.push("prepared");
        return {
          mayFail,
          commit: async () => {
            told[index]!.push("committed");
            if (fault === "commit") throw new Error(`commit ${index}`);
          },
          drop: async () => void told[index]!.push("dropped"),
        };
      });
      const firstFault = all.findIndex(({ fault }) => fault === "prepare");
      const failing = firstFault < 0 ? all.findIndex(({ fault }) => fault === "commit") : -1;
      const error = await changeTogether(prepares).catch((thrown: Error) => thrown.message);
      const expected = all.map((_, index) => {
        if (firstFault >= 0) return index < firstFault ? ["prepared", "dropped"] : [];
        if (failing >= 0) return index === failing ? ["prepared", "committed"] : ["prepared", "dropped"];
        return ["prepared", "committed"];
      });
      expect(told).toEqual(expected);
      expect(error).toBe(firstFault >= 0 ? `prepare ${firstFault}` : failing >= 0 ? `commit ${failing}` : undefined);
    }),
    { numRuns: Number(process.env.TENK_RUNS ?? 300) },
  );
});

test("of two changes that may fail neither begins", async () => {
  const told: string[] = [];
  const risky = (name: string) => async () => ({
    mayFail: true,
    commit: async () => void told.push(`${name} committed`),
    drop: async () => void told.push(`${name} dropped`),
  });
  await expect(changeTogether([risky("tcp"), risky("dns")])).rejects.toThrow("two parts have changes that may fail");
  expect(told).toEqual(["tcp dropped", "dns dropped"]);
});

test("who prepared first commits last: it may take a port that another leaves", async () => {
  const order: string[] = [];
  const named =
    (name: string, mayFail = false) =>
    async () => ({
      mayFail,
      commit: async () => void order.push(name),
      drop: async () => {},
    });
  await changeTogether([named("dashboard"), named("dns"), named("tcp", true)]);
  expect(order).toEqual(["tcp", "dns", "dashboard"]);
});
