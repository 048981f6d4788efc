import type { ProxyView, ServiceView } from "../../proxy-api.ts";
import { useCell } from "../cell.ts";
import { Chart } from "../chart/mod.ts";
import { Empty, Foreign } from "../elements.tsx";
import { grouped, written } from "../format.ts";
import { names, status } from "../instance.ts";
import { nowSource } from "../now-source.ts";
import { bytesSpec, latencySpec, requestsSpec } from "./specs.ts";
import { ServiceTargets } from "./targets.tsx";

const ROW_HEIGHT = 132;

/** Every service in a row of its own. */
export function ProxyPanel() {
  const known = useCell(status)?.parts.proxy;
  if (known === undefined) return null;
  return (
    <>
      <h2>Services</h2>
      {known.services.map((each) => (
        <ServiceRow key={each.service} service={each} port={portOf(known)} />
      ))}
      {known.services.length === 0 && (
        <Empty title="No service is declared">
          Two lines give one a name and HTTPS:{" "}
          <code>
            services: {"{"} git: http://127.0.0.1:3000 {"}"}
          </code>
        </Empty>
      )}
    </>
  );
}

/** What follows a host in an address: nothing for the usual port. */
function portOf({ listeners }: ProxyView): string {
  const port = /:(\d+)$/.exec(listeners.find(({ name }) => name === "https")?.address ?? "")?.[1];
  return port === undefined || port === "443" ? "" : `:${port}`;
}

function ServiceRow({ service, port }: { readonly service: ServiceView; readonly port: string }) {
  const series = useCell(names);
  const { service: name, hosts, requests, inProgress, errors, latencyMs, targets } = service;
  return (
    <section class="panel listener" aria-label={`Service ${name}`}>
      <header>
        <h3>
          <Foreign text={name} />
        </h3>
        <p class="note">
          {hosts.map((host, index) => (
            <span key={host}>
              {index > 0 && " · "}
              <Host host={host} port={port} />
            </span>
          ))}
        </p>
        <p class="note">
          {written(requests, "count")} requests, {grouped(inProgress)} in flight, {written(errors, "count")} failed
          {latencyMs !== null && `, ${written(latencyMs / 1000, "seconds")} to answer`}
        </p>
      </header>
      <div class="listener-charts">
        <Chart level={4} source={nowSource} height={ROW_HEIGHT} spec={requestsSpec(series, name)} />
        <Chart level={4} source={nowSource} height={ROW_HEIGHT} spec={latencySpec(series, name)} />
        <Chart level={4} source={nowSource} height={ROW_HEIGHT} spec={bytesSpec(series, name)} />
      </div>
      {targets.length > 0 && <ServiceTargets service={name} targets={targets} />}
    </section>
  );
}

/** A wildcard is no address that could be opened. */
function Host({ host, port }: { readonly host: string; readonly port: string }) {
  if (host.includes("*")) return <code>{host}</code>;
  return (
    <a href={`https://${host}${port}/`} rel="noreferrer">
      <Foreign text={host} />
    </a>
  );
}
