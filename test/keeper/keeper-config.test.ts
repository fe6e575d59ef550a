import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ConfigError, readKeeperEnvironment } from "../../keeper/config.ts";
import { DEFAULT_PARAMETERS } from "../../keeper/core/protocol/parameters.ts";
import { loadKeeperConfig } from "../../keeper/keeper-config.ts";
import { keeperFile, withFolder, writeKeeperFile } from "../support/keeper-file.ts";

const failure = (run: () => unknown): ConfigError => {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("a ConfigError was expected");
};

describe("a keeper's configuration", () => {
  it("has paths next to its file and defaults that keep its endpoints to this machine", async () => {
    await withFolder((folder) => {
      const config = loadKeeperConfig(writeKeeperFile(folder, keeperFile()));
      expect(config).to.deep.equal({
        name: "keeper-1",
        deploymentFile: join(folder, "deployment.json"),
        rpcUrls: ["http://127.0.0.1:8545"],
        keys: {
          report: join(folder, "keys/report.json"),
          transmitter: join(folder, "keys/transmitter.json"),
          network: join(folder, "keys/network.json"),
          passwordFile: join(folder, "password"),
        },
        expect: { configDigests: [], oracleParamsHashes: [], marginParamsHashes: [] },
        clock: "system",
        store: { kind: "sqlite", file: join(folder, "keeper.sqlite") },
        marketData: { kind: "replay", dataFolder: join(folder, "data"), episode: "2026-02" },
        protocol: DEFAULT_PARAMETERS,
        transactions: { maxFeePerGasCapWei: undefined, maxPriorityFeePerGasCapWei: undefined },
        listen: "/ip4/127.0.0.1/tcp/0",
        http: { host: "127.0.0.1", port: 9464 },
        logLevel: "info",
        minBalanceWei: 50_000_000_000_000_000n,
        maxClockDriftSeconds: 30,
        maxDataAgeSeconds: 120,
      });
    });
  });

  it("yields to the environment", async () => {
    await withFolder((folder) => {
      const environment = readKeeperEnvironment({
        BALLAST_KEEPER_RPC_URLS: "http://a:1,http://b:2",
        BALLAST_KEEPER_LOG_LEVEL: "debug",
        BALLAST_KEEPER_HTTP_HOST: "0.0.0.0",
        BALLAST_KEEPER_HTTP_PORT: "7000",
        BALLAST_PASSWORD_FILE: join(folder, "other"),
      });
      const config = loadKeeperConfig(writeKeeperFile(folder, keeperFile()), environment);
      expect(config.rpcUrls).to.deep.equal(["http://a:1", "http://b:2"]);
      expect(config.http).to.deep.equal({ host: "0.0.0.0", port: 7000 });
      expect(config.logLevel).to.equal("debug");
      expect(config.keys?.passwordFile).to.equal(join(folder, "other"));
    });
  });

  it("takes the operator's choices for transactions, fees in gwei", async () => {
    await withFolder((folder) => {
      const transactions = {
        maxFeePerGasCapGwei: "80.5",
        maxPriorityFeePerGasCapGwei: "0.000000001",
        replaceAfterBlocks: 5,
        replaceAfterMs: 0,
        confirmations: 3,
        finalityBlocks: 12,
      };
      expect(
        loadKeeperConfig(writeKeeperFile(folder, keeperFile({ transactions }))).transactions,
      ).to.deep.equal({
        maxFeePerGasCapWei: 80_500_000_000n,
        maxPriorityFeePerGasCapWei: 1n,
        replaceAfterBlocks: 5n,
        replaceAfterMs: 0,
        confirmations: 3n,
        finalityBlocks: 12n,
      });
    });
  });

  it("refuses choices for transactions out of bounds or against each other", async () => {
    await withFolder((folder) => {
      const refused: readonly (readonly [string, object])[] = [
        ["maxFeePerGasCapGwei", { maxFeePerGasCapGwei: "0" }],
        ["maxFeePerGasCapGwei", { maxFeePerGasCapGwei: "100000.000000001" }],
        ["maxFeePerGasCapGwei", { maxFeePerGasCapGwei: "500000000000" }],
        ["maxFeePerGasCapGwei", { maxFeePerGasCapGwei: 500 }],
        ["maxPriorityFeePerGasCapGwei", { maxPriorityFeePerGasCapGwei: "-1" }],
        [
          "maxPriorityFeePerGasCapGwei",
          { maxFeePerGasCapGwei: "10", maxPriorityFeePerGasCapGwei: "10.000000001" },
        ],
        ["replaceAfterBlocks", { replaceAfterBlocks: 0 }],
        ["replaceAfterBlocks", { replaceAfterBlocks: 10_001 }],
        ["replaceAfterMs", { replaceAfterMs: -1 }],
        ["replaceAfterMs", { replaceAfterMs: 3_600_001 }],
        ["confirmations", { confirmations: 0 }],
        ["finalityBlocks", { finalityBlocks: 1.5 }],
        ["finalityBlocks", { confirmations: 4, finalityBlocks: 3 }],
        ["transactions", { gasPrice: "1" }],
      ];
      for (const [field, transactions] of refused) {
        const file = writeKeeperFile(folder, { ...keeperFile(), transactions });
        expect(failure(() => loadKeeperConfig(file)).message, JSON.stringify(transactions)).to.include(field);
      }
    });
  });

  it("refuses a price of one venue: two at least, and a quorum of two", async () => {
    await withFolder((folder) => {
      const venues = { kind: "venues" as const, dataFolder: "data" };
      const two = { ...venues, venues: ["kraken", "binance"] as ("kraken" | "binance")[] };
      const load = (marketData: typeof venues & { quorum?: number }) =>
        loadKeeperConfig(writeKeeperFile(folder, keeperFile({ marketData })));
      expect(load({ ...two, quorum: 2 }).marketData).to.include({ kind: "venues", quorum: 2 });
      for (const [field, changes] of [
        ["marketData.quorum", { quorum: 1 }],
        ["marketData.venues", { venues: ["kraken"] }],
      ] as const)
        expect(failure(() => load({ ...two, ...changes })).message)
          .to.include(field)
          .and.include("one venue shows alone is never signed");
    });
  });

  it("takes the URL of a Postgres store from a file or the environment, never from itself", async () => {
    await withFolder((folder) => {
      const url = "postgres://ballast:secret@db:5432/keeper";
      const file = writeKeeperFile(folder, keeperFile({ store: { kind: "postgres", urlFile: "url" } }));
      writeFileSync(join(folder, "url"), `${url}\n`);
      expect(loadKeeperConfig(file).store).to.deep.equal({ kind: "postgres", url });
      writeFileSync(join(folder, "url"), "secret word\n");
      expect(failure(() => loadKeeperConfig(file)).message)
        .to.include("no URL")
        .and.not.include("secret word");
      const bare = writeKeeperFile(folder, keeperFile({ store: { kind: "postgres" } }));
      expect(failure(() => loadKeeperConfig(bare)).advice).to.include("BALLAST_KEEPER_POSTGRES_URL");
      const environment = readKeeperEnvironment({ BALLAST_KEEPER_POSTGRES_URL: url });
      expect(loadKeeperConfig(bare, environment).store).to.deep.equal({ kind: "postgres", url });
    });
  });

  it("names every field that is wrong, missing or unknown", async () => {
    await withFolder((folder) => {
      const wrong = {
        ...keeperFile({ rpcUrls: ["nonsense"], expect: { configDigests: ["0x12"] } }),
        name: "Keeper 1",
        privateKey: "hidden",
      };
      const { message, advice } = failure(() => loadKeeperConfig(writeKeeperFile(folder, wrong)));
      for (const part of ["rpcUrls.0", "expect.configDigests.0", "name", "privateKey"])
        expect(message).to.include(part);
      expect(message).not.to.include("hidden");
      expect(advice).to.include("docs/running-a-keeper.md");
      expect(failure(() => loadKeeperConfig(writeKeeperFile(folder, "{"))).message).to.include("is not JSON");
      expect(failure(() => loadKeeperConfig(join(folder, "none"))).advice).to.include("--config");
    });
  });

  it("takes no address that it cannot listen at, and no node twice", () =>
    withFolder((folder) => {
      for (const listen of ["127.0.0.1:9463", "/ip4/300.0.0.1/tcp/1", "/nonsense", "/ip4/127.0.0.1/udp/1"]) {
        const error = failure(() =>
          loadKeeperConfig(writeKeeperFile(folder, keeperFile({ network: { listen } }))),
        );
        expect(error.message, listen).to.include("network.listen").and.include("/ip4/0.0.0.0/tcp/9463");
      }
      const rpcUrls = ["https://node.example/v3/one", "https://a.example", "https://node.example/v3/two"];
      const twice = failure(() => loadKeeperConfig(writeKeeperFile(folder, keeperFile({ rpcUrls }))));
      expect(twice.message).to.include("https://node.example twice").and.not.include("v3");
    }));
});

describe("the environment of a keeper", () => {
  it("says nothing by default", () => {
    expect(Object.values(readKeeperEnvironment({})).every((value) => value === null)).to.equal(true);
  });

  it("names a variable that cannot be used without showing the database's password", () => {
    const { message } = failure(() =>
      readKeeperEnvironment({
        BALLAST_KEEPER_HTTP_PORT: "70000",
        BALLAST_KEEPER_POSTGRES_URL: "user:secret@nowhere of url",
      }),
    );
    expect(message).to.include("BALLAST_KEEPER_HTTP_PORT").and.include("BALLAST_KEEPER_POSTGRES_URL");
    expect(message).not.to.include("secret");
  });
});
