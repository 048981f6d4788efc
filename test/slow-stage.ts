/** Tests that take the two cores of a small machine for more than ten seconds run in CI alone, so that `npm test` stays below six minutes. */
export const isSlowStage = process.env.CI === "true";
