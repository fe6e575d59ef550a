import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { expect } from "chai";
import { createKeeperPeek } from "../../../../keeper/adapters/http/keeper-peek.ts";
import { startStatusServer } from "../../../../keeper/adapters/http/status-server.ts";
import { createWireCodec } from "../../../../keeper/adapters/wire/codec.ts";
import { createProposalArchive } from "../../../../keeper/adapters/wire/proposal-archive.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { testNetwork } from "../../../support/keeper-round.ts";
import { keeperStatus } from "../../../support/keeper-status.ts";
import { proposal } from "../../../support/report-rounds.ts";
import { ALICE, signedHeadOf } from "../../../support/watched-chain.ts";

const MORE_THAN_A_MESSAGE = 600_000;
const network = testNetwork();
const { configDigest } = network.oracle.state.keeperSet;
const kept = proposal(network);
const PROOF = { signer: ALICE, first: signedHeadOf(ALICE, "01"), second: signedHeadOf(ALICE, "02") };

/** What comes of asking a server that answers in this way. */
async function asking(answer: Parameters<typeof createServer>[1]): Promise<string> {
  const server: Server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const peek = createKeeperPeek(`http://127.0.0.1:${port}/`);
    return JSON.stringify(await peek.proposal(configDigest, kept)) || "nothing";
  } catch (error) {
    return String(error);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

describe("a look at what a keeper shows", () => {
  it("gets the observations that it keeps, and null for a round of which it keeps none", async () => {
    const archive = createProposalArchive();
    archive.keep(configDigest, kept);
    const server = await startStatusServer({
      ...{ host: "127.0.0.1", port: 0, status: keeperStatus, telemetry: recordingTelemetry() },
      metrics: { contentType: "text/plain", text: () => Promise.resolve("") },
      evidence: () => [PROOF],
      observations: archive.find,
      accountRisk: null,
    });
    const peek = createKeeperPeek(server.url);
    expect(await peek.proposal(configDigest, kept)).to.deep.equal(kept);
    expect(await peek.proposal(configDigest, { ...kept, round: 1 })).to.equal(null);
    expect(await peek.evidence()).to.deep.equal([PROOF]);
    for (const path of ["x/y/z", `${configDigest}/1/-1`, `${configDigest}/${"9".repeat(30)}/1`])
      expect((await fetch(`${server.url}/observations/${path}`)).status, path).to.equal(404);
    await server.close();
  });

  it("takes no more than one message, no redirection, and nothing that is no proposal", async () => {
    const written = createWireCodec(() => [configDigest]).encode({
      kind: "wish",
      epoch: 1n,
      newest: { epoch: 1n, round: 1 },
    });
    expect(await asking((_request, response) => response.end("x".repeat(MORE_THAN_A_MESSAGE)))).to.include(
      "larger",
    );
    expect(await asking((_request, response) => response.end("{}"))).to.include("WireError");
    expect(await asking((_request, response) => response.end(written))).to.include("a wish");
    expect(await asking((_request, response) => response.writeHead(500).end())).to.include("status 500");
    expect(
      await asking((_request, response) =>
        response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      ),
    ).to.include("fetch failed");
  });
});
