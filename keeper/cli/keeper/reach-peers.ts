import { once } from "node:events";
import { connect } from "node:net";
import { multiaddr } from "@multiformats/multiaddr";
import type { RegisteredKeeper } from "../../ports/chain-probe.ts";
import type { Hex } from "../../ports/hex.ts";
import type { Peer } from "../../services/doctor.ts";

const TIMEOUT_MS = 3_000;
const HOST_PROTOCOLS = new Set(["ip4", "ip6", "dns", "dns4", "dns6"]);

/** Opens and closes a TCP connection to every keeper but the own one. */
export function reachPeers(keepers: readonly RegisteredKeeper[], self: Hex | null): Promise<readonly Peer[]> {
  return Promise.all(
    keepers
      .filter(({ reportKey }) => reportKey !== self)
      .map(async ({ reportKey, endpoint }) => ({
        name: `${reportKey} at ${endpoint}`,
        reachable: await takesConnection(endpoint),
      })),
  );
}

async function takesConnection(endpoint: string): Promise<boolean> {
  const address = addressOf(endpoint);
  if (address === null) return false;
  const socket = connect({ ...address, timeout: TIMEOUT_MS });
  socket.once("timeout", () => socket.destroy(new Error("no answer in time")));
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Host and port of a TCP multiaddr; null when it is none. */
function addressOf(endpoint: string): { readonly host: string; readonly port: number } | null {
  try {
    const components = multiaddr(endpoint).getComponents();
    const host = components.find(({ name }) => HOST_PROTOCOLS.has(name))?.value;
    const port = components.find(({ name }) => name === "tcp")?.value;
    return host === undefined || port === undefined ? null : { host, port: Number(port) };
  } catch {
    return null;
  }
}
