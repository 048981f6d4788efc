export const SPARK_WIDTH = 100;
export const SPARK_HEIGHT = 20;

/** From zero up, so that a steady latency is a flat line and no mountain. Pure. */
export function sparkPath(values: readonly (number | null)[]): string {
  const most = Math.max(0, ...values.filter((value) => value !== null));
  if (most === 0 || values.length < 2) return "";
  let path = "";
  let isDown = false;
  values.forEach((value, at) => {
    if (value === null) {
      isDown = false;
      return;
    }
    const x = Math.round((at / (values.length - 1)) * SPARK_WIDTH * 10) / 10;
    const y = Math.round((1 - value / most) * SPARK_HEIGHT * 10) / 10;
    // A value between two gaps is a short line, which would be invisible as a point.
    path += isDown ? `L${x} ${y}` : `M${x} ${y}h0.5`;
    isDown = true;
  });
  return path;
}
