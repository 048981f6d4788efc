/** The reload coordinator against a model: all participants change, or none does. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { changeTogether } from "../../src/app/reload.ts";

const participant = fc.record({
  fault: fc.constantFrom("none", "none", "none", "none", "prepare", "claim"),
  claims: fc.boolean(),
});

test("either all participants commit, or all that prepared drop, each once, what they claimed included", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(participant, { maxLength: 6 }), async (all) => {
      const told: string[][] = all.map(() => []);
      const prepares = all.map(({ fault, claims }, index) => async () => {
        if (fault === "prepare") throw new Error(`prepare ${index}`);
        told[index]!.push("prepared");
        return {
          ...(claims && {
            claim: async () => {
              told[index]!.push("claimed");
              if (fault === "claim") throw new Error(`claim ${index}`);
            },
          }),
          commit: async () => void told[index]!.push("committed"),
          drop: async () => void told[index]!.push("dropped"),
        };
      });
      const unprepared = all.findIndex(({ fault }) => fault === "prepare");
      const unclaimed = unprepared < 0 ? all.findIndex(({ fault, claims }) => claims && fault === "claim") : -1;
      const isRefused = unprepared >= 0 || unclaimed >= 0;
      const error = await changeTogether(prepares).catch((thrown: Error) => thrown.message);
      const expected = all.map(({ claims }, index) => {
        if (unprepared >= 0 && index >= unprepared) return [];
        const isClaimed = claims && unprepared < 0 && (unclaimed < 0 || index <= unclaimed);
        return ["prepared", ...(isClaimed ? ["claimed"] : []), isRefused ? "dropped" : "committed"];
      });
      expect(told).toEqual(expected);
      const failed = unprepared >= 0 ? `prepare ${unprepared}` : `claim ${unclaimed}`;
      expect(error).toBe(isRefused ? failed : undefined);
    }),
    { numRuns: Number(process.env.TENK_RUNS ?? 300) },
  );
});

test("all claim before the first commits, and who prepared first commits last: it may take a port that another leaves", async () => {
  const order: string[] = [];
  const named = (name: string) => async () => ({
    claim: async () => void order.push(`${name} claims`),
    commit: async () => void order.push(name),
    drop: async () => {},
  });
  await changeTogether([named("dashboard"), named("dns"), named("tcp")]);
  expect(order).toEqual(["dashboard claims", "dns claims", "tcp claims", "tcp", "dns", "dashboard"]);
});
