import { expect } from "chai";
import { startWatchServer, type WatchServer } from "../../../../keeper/adapters/http/watch-server.ts";

describe("a watchtower's pages", () => {
  let server: WatchServer;
  const known: { problem: string | null } = { problem: null };
  before(async () => {
    server = await startWatchServer({
      host: "127.0.0.1",
      port: 0,
      status: () => ({ ...known, block: 2n ** 60n }),
      metrics: { contentType: "text/plain", text: () => Promise.resolve("metric 1\n") },
    });
  });
  after(() => server.close());
  const get = (path: string) => fetch(`${server.url}${path}`);

  it("say that it lives, whatever keeps it from its duty, and what that is", async () => {
    expect((await get("/readyz")).status).to.equal(200);
    known.problem = "no node answers";
    expect((await get("/healthz")).status).to.equal(200);
    const ready = await get("/readyz");
    expect([ready.status, await ready.json()]).to.deep.equal([
      503,
      { ready: false, problem: "no node answers" },
    ]);
  });

  it("show its state and metrics, big integers whole", async () => {
    expect(await (await get("/status.json")).json()).to.include({ block: (2n ** 60n).toString() });
    const metrics = await get("/metrics");
    expect(metrics.headers.get("content-type")).to.include("text/plain");
    expect(await metrics.text()).to.equal("metric 1\n");
    expect((await get("/")).status).to.equal(404);
  });
});
