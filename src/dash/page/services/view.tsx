import { OneService } from "./one-service.tsx";
import { Overview } from "./overview.tsx";

/** `#/services`, or `#/services/NAME`, with the stretch of its chart behind it: `#/services/git/7d`. */
export function ServicesView({ ids: [name, look] }: { readonly ids: readonly string[] }) {
  return name === undefined ? <Overview /> : <OneService key={name} name={name} look={look} />;
}
