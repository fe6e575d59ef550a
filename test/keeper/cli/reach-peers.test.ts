import { once } from "node:events";
import { createServer } from "node:net";
import { expect } from "chai";
import { reachPeers } from "../../../keeper/cli/keeper/reach-peers.ts";
import { asHex } from "../../../keeper/ports/hex.ts";

const key = (digits: string) => asHex(`0x${digits.repeat(20)}`);
const keeper = (reportKey: string, endpoint: string) => ({
  reportKey: key(reportKey),
  networkKey: key(reportKey),
  payee: key(reportKey),
  endpoint,
});

describe("the endpoints of other keepers", () => {
  it("are tried one by one, the own one left out", async () => {
    const server = createServer((socket) => socket.destroy());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const peers = await reachPeers(
      [
        keeper("a1", "/ip4/127.0.0.1/tcp/1"),
        keeper("b2", `/ip4/127.0.0.1/tcp/${address.port}`),
        keeper("c3", "/ip4/127.0.0.1/tcp/1"),
        keeper("d4", "/ip4/127.0.0.1/udp/9"),
        keeper("e5", "no multiaddr"),
      ],
      key("a1"),
    );
    server.close();
    expect(peers.map(({ reachable }) => reachable)).to.deep.equal([true, false, false, false]);
    expect(peers[0]?.name).to.include(key("b2")).and.include("/tcp/");
  });
});
