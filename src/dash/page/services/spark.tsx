import { SPARK_HEIGHT, SPARK_WIDTH, sparkPath } from "./spark-path.ts";

/** A small curve of values over time without axes; gaps stay gaps. Decoration: the number beside it says the last one. */
export function Spark({ values }: { readonly values: readonly (number | null)[] }) {
  return (
    <svg
      class="spark"
      viewBox={`0 -1 ${SPARK_WIDTH} ${SPARK_HEIGHT + 2}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={sparkPath(values)} />
    </svg>
  );
}
