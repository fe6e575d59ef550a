import { existsSync, readFileSync, writeFileSync } from "node:fs";
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
import { startUnrulyNode } from "../support/unruly-node.ts";
import { runBallast } from "../support/run-ballast.ts";

const DAY_SECONDS = 86_400;
const START_MS = 30_000;
const STOP_MS = 5_000;
const NOTICE_MS = 15_000;
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
  /** Asks until the answer fits or it should have been noticed; resolves to the last answer's text. */
  const answering = async (
    keeper: KeeperProcess,
    path: string,
    fits: (answer: { readonly status: number; readonly text: string }) => boolean,
  ): Promise<string> => {
    const deadline = performance.now() + NOTICE_MS;
    for (;;) {
      const response = await fetch(`${keeper.url}${path}`);
      const answer = { status: response.status, text: await response.text() };
      if (fits(answer)) return answer.text;
      if (performance.now() > deadline) throw new Error(`${path} still answers ${JSON.stringify(answer)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
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
        oracleParamsHashes: [oracleHash],
        marginParamsHashes: [marginHash],
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
      await answering(keeper, "/readyz", ({ status }) => status === 200);
      const metrics = await (await fetch(`${keeper.url}/metrics`)).text();
      expect(metrics)
        .to.match(/^ballast_keeper_ready 1$/m)
        .and.match(/^ballast_keeper_members 4$/m);
      expect(metrics).to.include('ballast_keeper_events_total{level="info",event="dry-run-observation"}');
    });

    it("is shown by ballast keeper status, beside one that does not answer", async () => {
      const { code, out } = await runBallast(null, ["keeper", "status", keeper.url, "http://127.0.0.1:1"]);
      expect(code).to.equal(1);
      expect(out)
        .to.match(/^dry +yes +none/m)
        .and.include("no answer");
      const json = await runBallast(null, ["keeper", "status", keeper.url, "--json"]);
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
      expect: {
        configDigests: [OTHER_HASH],
        oracleParamsHashes: [OTHER_HASH],
        marginParamsHashes: [OTHER_HASH],
      },
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
    const doctor = await runBallast(null, ["keeper", "doctor", "--dry-run", "--config", file]);
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
    const good = await runBallast(null, ["keeper", "doctor", "--dry-run", "--config", configFile("well")]);
    expect(good.code, good.out + good.err).to.equal(0);
    expect(good.out)
      .to.include("ok    chain: chain 31337")
      .and.include("WARN  agreement")
      .and.include(digest);
    const bad = await runBallast(null, ["keeper", "doctor", "--json", "--config", configFile("ill")]);
    expect(bad.code).to.equal(1);
    const { failed, checks } = JSON.parse(bad.out) as DoctorJson;
    // The password, three keys and the store, and nothing that hangs on them.
    expect(failed).to.equal(5);
    expect(checks.find(({ name }) => name === "store")?.detail).to.include("there is none at");
    const verdictOf = (name: string) => checks.find((check) => check.name === name)?.verdict;
    expect(["password", "report key", "transmitter key", "network key"].map(verdictOf)).to.deep.equal(
      Array(4).fill("fail"),
    );
    expect([
      verdictOf("membership"),
      verdictOf("balance"),
      verdictOf("chain"),
      verdictOf("market data BTC"),
    ]).to.deep.equal(["skip", "skip", "ok", "ok"]);
    expect(existsSync(join(chain.folder, "keeper.sqlite"))).to.equal(false);
  });

  it("names each node and what is wrong with it when no node answers, and examines everything else", async () => {
    const file = configFile("nodeless", {
      rpcUrls: ["http://127.0.0.1:1", "http://127.0.0.1:2"],
      clock: "system",
    });
    const { code, out, err } = await runBallast(null, ["keeper", "doctor", "--dry-run", "--config", file]);
    expect(code).to.equal(1);
    for (const port of [1, 2])
      expect(out).to.match(new RegExp(`FAIL  node http://127.0.0.1:${port}: not used: no-answer: .+`));
    expect(out).to.include("FAIL  chain: no node answers").and.include("market data BTC");
    expect(err).to.include("... asking nodes");
    const local = await runBallast(null, [
      "keeper",
      "doctor",
      "--config-only",
      "--dry-run",
      "--config",
      file,
    ]);
    expect(local.code, local.out).to.equal(0);
    expect(local.out).to.include("ok    deployment").and.not.include("node");
  });

  it("takes a change of what it expects while it runs, and stays with the old when the file is broken", async () => {
    const file = configFile("told", { expect: { oracleParamsHashes: [oracleHash] } });
    const keeper = await startKeeperProcess(file, { args: ["--dry-run"] });
    try {
      await answering(keeper, "/readyz", ({ status }) => status === 200);
      configFile("told", { expect: { oracleParamsHashes: [OTHER_HASH] } });
      process.kill(keeper.pid, "SIGHUP");
      const line = await keeper.logged("expectation-reloaded", NOTICE_MS);
      expect(line["oracleParamsHashes"]).to.equal(OTHER_HASH);
      await answering(
        keeper,
        "/readyz",
        ({ status, text }) => status === 503 && text.includes("oracle parameters"),
      );
      writeFileSync(file, "{");
      process.kill(keeper.pid, "SIGHUP");
      await keeper.logged("expectation-not-reloaded", NOTICE_MS);
      configFile("told", { expect: { oracleParamsHashes: [OTHER_HASH, oracleHash] } });
      process.kill(keeper.pid, "SIGHUP");
      await answering(keeper, "/readyz", ({ status }) => status === 200);
    } finally {
      await keeper.stop();
    }
  });

  it("says in every way why the chain is away, keeps what it knew, and is well again when a node is back", async () => {
    const node = await startUnrulyNode(chain.url);
    const { origin } = new URL(node.url);
    const keeper = await startKeeperProcess(configFile("blind", { rpcUrls: [node.url] }), {
      args: ["--dry-run"],
    });
    try {
      await answering(keeper, "/readyz", ({ status }) => status === 200);
      node.conduct = () => ({ kind: "cut" });
      const readiness = await answering(keeper, "/readyz", ({ status }) => status === 503);
      expect(readiness)
        .to.include("the chain cannot be read")
        .and.include(`${origin}: no-answer`)
        .and.not.include("secret");
      const status = JSON.parse(
        await answering(keeper, "/status.json", ({ status: code }) => code === 200),
      ) as Record<string, unknown>;
      expect([status["chain"], status["ready"]]).to.deep.equal([null, false]);
      expect(status["heartbeatSeconds"]).to.be.greaterThan(0);
      const metrics = await answering(keeper, "/metrics", ({ status: code }) => code === 200);
      expect(metrics)
        .to.match(/^ballast_keeper_ready 0$/m)
        .and.include('ballast_keeper_check_ok{check="nodes"} 0')
        .and.include(`ballast_keeper_node_usable{node="${origin}"} 0`)
        .and.match(/^ballast_keeper_events_total\{level="error",event="rpc-set-aside"\} [1-9]/m);
      const { reason } = await keeper.logged("chain-unreadable", NOTICE_MS);
      expect(reason).to.include(origin);
      const shown = await runBallast(null, ["keeper", "status", keeper.url]);
      expect(shown.code).to.equal(2);
      expect(shown.out).to.include("blind is not ready: nodes: the chain cannot be read");
      node.conduct = () => null;
      await answering(keeper, "/readyz", ({ status: code }) => code === 200);
    } finally {
      await keeper.stop();
      await node.close();
    }
  });

  // A suite of its own: it comes after those that need the chain as it was.
  describe("whose chain changes", () => {
    it("is not ready any more once governance agrees to other protocol parameters", async () => {
      const keeper = await startKeeperProcess(configFile("agreed"), { args: ["--dry-run"] });
      try {
        await answering(keeper, "/readyz", ({ status }) => status === 200);
        await chain.agreeOn(OTHER_HASH);
        const answer = await answering(keeper, "/readyz", ({ status }) => status === 503);
        expect(answer).to.include("differs from the configuration: protocol parameters");
      } finally {
        await keeper.stop();
      }
    });
  });
});
