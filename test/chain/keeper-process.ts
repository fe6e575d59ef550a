import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { hashParameters } from "../../keeper/adapters/ethers/config-digest.ts";
import { DEFAULT_PARAMETERS } from "../../keeper/core/protocol/parameters.ts";
import type { KeeperFileInput } from "../../keeper/keeper-config.ts";
import {
  KeeperNotStarted,
  type KeeperProcess,
  startKeeperProcess,
} from "../../scripts/network/keeper-process.ts";
import { keeperFile } from "../support/keeper-file.ts";
import { DATA_FOLDER, EPISODE, openReplayChain, type ReplayChain } from "../support/replay-chain.ts";
import { runBallast } from "../support/run-ballast.ts";

const DAY_SECONDS = 86_400;
const START_MS = 30_000;
const STOP_MS = 5_000;
const NOTICE_MS = 5_000;
const POLL_MS = 100;
const AGREED_HASH = hashParameters(DEFAULT_PARAMETERS);
const OTHER_HASH = `0x${"ab".repeat(32)}`;

interface DoctorJson {
  readonly failed: number;
  readonly checks: readonly { readonly name: string; readonly verdict: string; readonly detail: string }[];
}

describe("a keeper process", function () {
  let chain: ReplayChain;
  let digest = "";
  let oracleHash = "";
  let marginHash = "";

  const configFile = (name: string, changes: Partial<KeeperFileInput> = {}): string => {
    const content = keeperFile({
      name,
      rpcUrls: [chain.url],
      clock: "chain",
      marketData: { kind: "replay", dataFolder: DATA_FOLDER, episode: EPISODE },
      http: { port: 0 },
      limits: { maxDataAgeSeconds: DAY_SECONDS },
      ...changes,
    });
    const file = join(chain.folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(content));
    return file;
  };
  const refusal = async (file: string): Promise<string> => {
    let started: KeeperProcess;
    try {
      started = await startKeeperProcess(file, { args: ["--dry-run"] });
    } catch (error) {
      if (!(error instanceof KeeperNotStarted)) throw error;
      expect(error.exitCode).to.equal(1);
      return error.output;
    }
    await started.stop();
    throw new Error("the keeper started");
  };

  before(async () => {
    chain = await openReplayChain((parameters) => ({
      ...parameters,
      keepers: { ...parameters.keepers, parametersHash: AGREED_HASH },
    }));
    const { ballast } = chain;
    [digest, oracleHash, marginHash] = await Promise.all([
      ballast.keepers.configDigest(),
      ballast.config.oracleParamsHash(),
      ballast.config.marginParamsHash(),
    ]);
  });
  after(async () => {
    await chain.close();
  });

  describe("in a dry run", () => {
    let keeper: KeeperProcess;
    before(async () => {
      const expectation = {
        configDigests: [digest],
        oracleParamsHash: oracleHash,
        marginParamsHash: marginHash,
      };
      keeper = await startKeeperProcess(configFile("dry", { expect: expectation }), { args: ["--dry-run"] });
    });
    after(() => keeper.stop("SIGKILL"));

    it("observes every market without any key", async () => {
      for (const market of ["1", "2"]) {
        const line = await keeper.logged(
          "dry-run-observation",
          START_MS,
          (entry) => entry["market"] === market,
        );
        expect(Number(line["spotE8"])).to.be.greaterThan(0);
        expect(Number(line["smiles"])).to.be.greaterThan(2);
      }
    });

    it("is ready and shows its state over HTTP", async () => {
      const ready = await fetch(`${keeper.url}/readyz`);
      expect(ready.status, await ready.text()).to.equal(200);
      const metrics = await (await fetch(`${keeper.url}/metrics`)).text();
      expect(metrics)
        .to.match(/^ballast_keeper_ready 1$/m)
        .and.match(/^ballast_keeper_members 4$/m);
      expect(metrics).to.include('ballast_keeper_events_total{level="info",event="dry-run-observation"}');
    });

    it("is shown by ballast keeper status, beside one that does not answer", async () => {
      const { code, out } = await runBallast("", ["keeper", "status", keeper.url, "http://127.0.0.1:1"]);
      expect(code).to.equal(1);
      expect(out)
        .to.match(/^dry +yes +none/m)
        .and.include("no answer");
      const json = await runBallast("", ["keeper", "status", keeper.url, "--json"]);
      expect(json.code).to.equal(0);
      const { keepers } = JSON.parse(json.out) as { keepers: { status: { mode: string } }[] };
      expect(keepers[0]?.status.mode).to.equal("dry-run");
    });

    it("ends with 0 within seconds of SIGTERM and frees its port", async () => {
      const asked = performance.now();
      expect(await keeper.stop("SIGTERM")).to.equal(0);
      expect(performance.now() - asked).to.be.lessThan(STOP_MS);
      expect(keeper.log.at(-1)?.["event"]).to.equal("keeper-stopped");
      const closed = await fetch(`${keeper.url}/healthz`).catch(() => null);
      expect(closed).to.equal(null);
    });
  });

  it("refuses to start when config digest or parameters are not the expected ones, and names them", async () => {
    const file = configFile("other", {
      expect: { configDigests: [OTHER_HASH], oracleParamsHash: OTHER_HASH, marginParamsHash: OTHER_HASH },
    });
    const output = await refusal(file);
    for (const part of [
      "config digest",
      digest,
      "oracle parameters",
      oracleHash,
      "margin parameters",
      marginHash,
    ])
      expect(output).to.include(part);
  });

  it("refuses to start with protocol parameters that the registry does not hold, and names both hashes", async () => {
    const changed = hashParameters({ ...DEFAULT_PARAMETERS, spotDeviationBps: 26n });
    const file = configFile("own-parameters", { protocol: { spotDeviationBps: 26 } });
    const output = await refusal(file);
    expect(output).to.include(`protocol parameters: expected ${changed}; the chain says ${AGREED_HASH}`);
    const doctor = await runBallast("", ["keeper", "doctor", "--dry-run", "--config", file]);
    expect(doctor.code).to.equal(1);
    expect(doctor.out).to.include("FAIL  protocol parameters").and.include("`protocol` in the configuration");
  });

  it("refuses to start on another chain and where the contracts are missing", async () => {
    const record = JSON.parse(readFileSync(join(chain.folder, "deployment.json"), "utf8")) as Record<
      string,
      object
    >;
    const variant = (name: string, content: object) => {
      writeFileSync(join(chain.folder, `${name}-deployment.json`), JSON.stringify(content));
      return configFile(name, { deployment: `${name}-deployment.json` });
    };
    expect(await refusal(variant("chain", { ...record, chainId: 5 }))).to.include("wrong-chain");
    const addresses = { ...record["addresses"], keeperRegistry: `0x${"12".repeat(20)}` };
    expect(await refusal(variant("contract", { ...record, addresses }))).to.include(
      "contract keeperRegistry",
    );
  });

  it("is examined by the doctor: each finding with what to do, and the exit code", async () => {
    const good = await runBallast("", ["keeper", "doctor", "--dry-run", "--config", configFile("well")]);
    expect(good.code, good.out + good.err).to.equal(0);
    expect(good.out)
      .to.include("ok    chain: chain 31337")
      .and.include("WARN  agreement")
      .and.include(digest);
    const bad = await runBallast("", ["keeper", "doctor", "--json", "--config", configFile("ill")]);
    expect(bad.code).to.equal(1);
    const { failed, checks } = JSON.parse(bad.out) as DoctorJson;
    expect(failed).to.equal(2);
    const store = checks.find(({ name }) => name === "store");
    expect(store?.detail).to.include("there is none at");
    const keys = checks.find(({ name }) => name === "keys");
    expect(keys?.verdict).to.equal("fail");
    expect(keys?.detail).to.include("password");
  });

  // A suite of its own: it comes after those that need the chain as it was.
  describe("whose chain changes", () => {
    it("is not ready any more once governance agrees to other protocol parameters", async () => {
      const keeper = await startKeeperProcess(configFile("agreed"), { args: ["--dry-run"] });
      try {
        const readiness = async () => (await fetch(`${keeper.url}/readyz`)).text();
        expect(await readiness()).to.include('"ready":true');
        await chain.agreeOn(OTHER_HASH);
        const deadline = performance.now() + NOTICE_MS;
        let answer = await readiness();
        while (answer.includes('"ready":true') && performance.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, POLL_MS));
          answer = await readiness();
        }
        expect(answer)
          .to.include('"ready":false')
          .and.include("differs from the configuration: protocol parameters");
      } finally {
        await keeper.stop();
      }
    });
  });
});
