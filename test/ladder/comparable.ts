import { parseAllDocuments } from "yaml";

type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** What a chart adds to each object, and kustomize does not. */
const OF_HELM = /^(helm\.sh\/chart|app\.kubernetes\.io\/managed-by|checksum\/.*|namespace)$/;
/** What kustomize adds to the name of a ConfigMap, where the chart has a checksum in the pods' annotations. */
const HASH = /^(tenk|tenk-node)-[a-z0-9]{10}$/;

/** Returns the objects of a text of manifests by kind and name, without what differs between Helm and kustomize by their nature. */
export function comparable(text: string): Record<string, Value> {
  const objects = parseAllDocuments(text)
    .map((document) => document.toJS() as Value)
    .filter((value): value is { [key: string]: Value } => value !== null)
    .map((value) => reduced(value) as { kind: string; metadata: { name: string } });
  return Object.fromEntries(objects.map((object) => [`${object.kind} ${object.metadata.name}`, object]));
}

function reduced(value: Value): Value {
  if (typeof value === "string") return value.replace(HASH, "$1");
  if (Array.isArray(value)) return value.map(reduced);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value)
    .filter(([key]) => !OF_HELM.test(key))
    .map(([key, inner]) => [key, reduced(inner)] as const)
    .filter(([key, inner]) => !(key === "annotations" && Object.keys(inner as object).length === 0));
  return Object.fromEntries(entries);
}
