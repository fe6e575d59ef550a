import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect } from "chai";
import { startStatusServer } from "../../../keeper/adapters/http/status-server.ts";
import { systemClock } from "../../../keeper/adapters/system/clock.ts";
import { systemTimer } from "../../../keeper/adapters/system/timer.ts";
import { DEFAULT_PARAMETERS } from "../../../keeper/core/protocol/parameters.ts";
import { asHex } from "../../../keeper/ports/hex.ts";
import { newNetworkKey } from "../../../keeper/adapters/keystore/network-key.ts";
import { listenFailure } from "../../../keeper/cli/keeper/listen-failure.ts";
import { openGossip } from "../../../keeper/cli/keeper/open-gossip.ts";
import { CommandError } from "../../../keeper/cli/failure.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { keeperStatus } from "../../support/keeper-status.ts";

/** An address of the documentation's own block (RFC 5737): no machine has it. */
const NOWHERE = "192.0.2.1";
const telemetry = recordingTelemetry();
const registration = { configDigest: asHex(`0x${"cd".repeat(32)}`), previous: null, keepers: [] };
const parts = {
  self: asHex("0x01"),
  probe: { registration: () => Promise.resolve(registration) },
  clock: systemClock,
  timer: systemTimer,
  parameters: DEFAULT_PARAMETERS,
  telemetry,
};

const gossipAt = async (listen: string): Promise<unknown> =>
  openGossip({ ...parts, networkKey: newNetworkKey(), listen }, new AbortController().signal)
    .then(({ gossip }) => gossip.stop())
    .catch((error: unknown) => error);
const serverAt = async (host: string, port: number): Promise<unknown> => {
  const metrics = { contentType: "text/plain", text: () => Promise.resolve("") };
  return startStatusServer({
    host,
    port,
    status: keeperStatus,
    evidence: () => [],
    observations: () => null,
    metrics,
    accountRisk: null,
    telemetry,
  })
    .then((server) => server.close())
    .catch((error: unknown) => error);
};

describe("a listener that cannot listen", () => {
  it("is named with its port and the field to change when another process has the port", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const refused = await gossipAt(`/ip4/127.0.0.1/tcp/${port}`);
    if (!(refused instanceof CommandError)) throw new Error("it listened");
    expect(refused.message).to.include(`/ip4/127.0.0.1/tcp/${port}`).and.include("EADDRINUSE");
    expect(refused.message).not.to.include("faultTolerance");
    expect(refused.advice).to.include("another process").and.include("network.listen");
    const where = `127.0.0.1:${port}`;
    const http = listenFailure(
      { what: "the status page", where, field: "http" },
      await serverAt("127.0.0.1", port),
    );
    expect(http.message).to.include(where).and.include("EADDRINUSE");
    taken.close();
  });

  it("is told that the machine has no such address", async () => {
    const refused = await gossipAt(`/ip4/${NOWHERE}/tcp/19463`);
    if (!(refused instanceof CommandError)) throw new Error("it listened");
    expect(refused.message).to.include("EADDRNOTAVAIL");
    expect(refused.advice).to.include("0.0.0.0");
    const listener = { what: "the status page", where: `${NOWHERE}:19464`, field: "http" };
    expect(listenFailure(listener, await serverAt(NOWHERE, 19_464)).advice).to.include("no such address");
  });

  it("keeps the words of a failure that it does not know", () => {
    const failure = listenFailure({ what: "it", where: "there", field: "http" }, new Error("odd"));
    expect([failure.message, failure.advice]).to.deep.equal(["it cannot listen at there: odd", "check http"]);
  });
});
