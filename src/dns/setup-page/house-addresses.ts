import { networkInterfaces } from "node:os";
import { parseIp } from "../../wire/mod.ts";

type Interfaces = Readonly<
  Record<string, readonly { readonly address: string; readonly internal: boolean }[] | undefined>
>;

/** Bridges of containers and virtual machines: no device of the house reaches their addresses. */
const VIRTUAL = /^(docker|br-|veth|virbr|podman|cni|flannel|lxc|lxd|vnet)/;
const MAX_ADDRESSES = 4;

/** Returns addresses of this machine that people may enter elsewhere, IPv4 first: not those of loopback, links and virtual bridges. */
export function houseAddresses(interfaces: Interfaces = networkInterfaces()): string[] {
  const all = Object.entries(interfaces).flatMap(([name, addresses = []]) => (VIRTUAL.test(name) ? [] : addresses));
  const usable = all
    .filter(({ address, internal }) => !internal && !/^fe[89ab]/i.test(address))
    .map((each) => each.address);
  const isIpv4 = (address: string) => parseIp(address)?.length === 4;
  return [...usable.filter(isIpv4), ...usable.filter((each) => !isIpv4(each))].slice(0, MAX_ADDRESSES);
}
