import { expect } from "chai";
import { loadExchange } from "../../../../keeper/adapters/venues/ccxt/load-exchange.ts";

describe("an exchange of ccxt", () => {
  it("keeps to its venue's limit of requests and to the time it is given", async () => {
    const exchange = await loadExchange("kraken", { timeoutMs: 1_234 });
    expect(exchange.enableRateLimit).to.equal(true);
    expect(exchange.timeout).to.equal(1_234);
  });

  it("asks a mirror in place of the venue, at the same paths", async () => {
    const exchange = await loadExchange("binance", { timeoutMs: 1_000, origin: "http://127.0.0.1:7" });
    const { api } = exchange.urls as { api: Record<string, string> };
    expect(api["public"]).to.equal("http://127.0.0.1:7/api/v3");
    for (const address of Object.values(api)) expect(address).to.match(/^http:\/\/127\.0\.0\.1:7\//);
  });
});
