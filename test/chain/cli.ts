import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { encryptKeystoreJson, Wallet } from "ethers";
import { loadParameters } from "../../deploy/parameter-file.ts";
import { deploymentRecord } from "../../deploy/deployment-record.ts";
import { writeDeploymentFile } from "../../keeper/cli/deployment-file.ts";
import { instrumentName } from "../../keeper/cli/instrument-name.ts";
import { ETH, openDesk, USD, type Desk } from "../support/ballast-desk.ts";
import { serveRpc, type RpcServer } from "../support/rpc-server.ts";
import { runBallast, type BallastRun } from "../support/run-ballast.ts";

const MARKETS = { "1": "BTC", "2": "ETH" };
const STRIKE_USD = 3_000n;
/** Accounts of the node: two traders and somebody who watches. */
const SELLER = ["--dev-account", "10"];
const BUYER = ["--dev-account", "11"];
const WATCHER = ["--dev-account", "15"];

type Json = Readonly<Record<string, unknown>>;

describe("the command line", function () {
  let desk: Desk;
  let server: RpcServer;
  let folder = "";
  let instrument = "";
  const inFolder = (name: string) => join(folder, name);
  const ballast = (...args: readonly string[]) => runBallast(inFolder("deployment.json"), args);
  const succeed = async (...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await ballast(...args);
    expect(code, `${args.join(" ")}\n${out}\n${err}`).to.equal(0);
    return out;
  };
  const json = async (...args: readonly string[]) => JSON.parse(await succeed("--json", ...args)) as Json;
  const fail = async (...args: readonly string[]): Promise<BallastRun> => {
    const run = await ballast(...args);
    expect(run.code, run.out).to.equal(1);
    return run;
  };

  before(async () => {
    desk = await openDesk();
    const id = await desk.list(ETH, "call", STRIKE_USD);
    instrument = instrumentName(id, MARKETS);
    server = await serveRpc(desk.connection.provider);
    folder = mkdtempSync(join(tmpdir(), "ballast-"));
    const record = await deploymentRecord(desk.ballast, await loadParameters("local"), server.url);
    writeDeploymentFile(inFolder("deployment.json"), record);
    for (const account of [10, 11]) {
      const address = desk.signers[account]?.address ?? "";
      await desk.ballast.coin.mint(address, 200_000n * USD);
    }
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it("shows what the keepers posted", async () => {
    const status = await json("oracle", "status");
    expect(status["reported"]).to.equal(true);
    expect(status["keepers"]).to.have.length(4);
    expect(status["quorum"]).to.equal(3);
    const markets = status["markets"] as readonly Json[];
    expect(markets.map(({ name, spot }) => [name, spot])).to.deep.equal([
      ["BTC", 90_000],
      ["ETH", 3_000],
    ]);
    const words = await succeed("oracle", "status");
    expect(words).to.include("4 keepers, 3 have to sign").and.include("ETH: spot 3,000.00 USD");
    expect(markets.map(({ isQuarantined }) => isQuarantined)).to.deep.equal([false, false]);
    expect(words).to.not.include("quarantined");
  });

  it("opens accounts, deposits, withdraws and lists them", async () => {
    expect(await json("account", "open", ...SELLER)).to.include({ account: "1" });
    expect(await succeed("account", "open", ...BUYER)).to.include("Opened account 2");
    await succeed("deposit", "1", "100000", ...SELLER);
    await succeed("deposit", "2", "150000.5", "--token", "usdc", ...BUYER);
    await succeed("withdraw", "2", "50000.5", ...BUYER);
    const list = await json("account", "list");
    const accounts = list["accounts"] as readonly Json[];
    expect(accounts.map(({ account, equityE6 }) => [account, equityE6])).to.deep.equal([
      ["1", "100000000000"],
      ["2", "100000000000"],
    ]);
  });

  it("signs orders into files and fills them", async () => {
    const order = (account: string, side: string, file: string, key: readonly string[]) =>
      succeed(
        ...["order", "sign", "--account", account, "--instrument", instrument, side, "10"],
        ...["--price", "180", "--out", inFolder(file), ...key],
      );
    expect(await order("1", "--sell", "sell.json", SELLER)).to.include(`sell 10 ${instrument} at 180 USD`);
    await order("2", "--buy", "buy.json", BUYER);
    const fill = await json(
      "order",
      "fill",
      inFolder("sell.json"),
      inFolder("buy.json"),
      "--size",
      "4",
      ...WATCHER,
    );
    expect(fill).to.include({ instrument, sizeE8: "400000000", priceE8: "18000000000" });
    await succeed("order", "fill", inFolder("sell.json"), inFolder("buy.json"), ...WATCHER);
    const [sold] = (await json("account", "show", "1"))["positions"] as readonly Json[];
    expect(sold).to.include({ instrument, sizeE8: "-1000000000" });
    const overfill = await fail(
      ...["order", "fill", inFolder("sell.json"), inFolder("buy.json"), "--size", "1", ...WATCHER],
    );
    expect(overfill.err).to.match(/Overfill\(.*\n.*filled before/);
  });

  it("cancels an order, which then cannot be filled", async () => {
    const args = ["--instrument", instrument, "--price", "180"];
    await succeed(
      "order",
      "sign",
      "--account",
      "1",
      "--sell",
      "1",
      ...args,
      "--out",
      inFolder("s.json"),
      ...SELLER,
    );
    await succeed(
      "order",
      "sign",
      "--account",
      "2",
      "--buy",
      "1",
      ...args,
      "--out",
      inFolder("b.json"),
      ...BUYER,
    );
    await succeed("order", "cancel", inFolder("s.json"), ...SELLER);
    const { err } = await fail("order", "fill", inFolder("s.json"), inFolder("b.json"), ...WATCHER);
    expect(err).to.include("OrderDead").and.include("sign a new one");
  });

  it("explains margin by component, as configured and under another model", async () => {
    const value = await json("margin", "1", "--surface");
    const margin = await desk.assess(1n);
    expect(value["initialE6"]).to.equal(margin.initialE6.toString());
    expect(value["maintenanceE6"]).to.equal(margin.maintenanceE6.toString());
    expect(value["worstStress"]).to.be.a("string");
    const [surface] = value["surfaces"] as readonly Json[];
    expect(surface?.["market"]).to.equal("ETH");
    expect(surface?.["pnlE6"]).to.have.length(13);
    const staticModel = await json("margin", "1", "--model", "static");
    expect(BigInt(String(staticModel["staticLossE6"])) > 0n).to.equal(true);
    expect(staticModel["stressLossE6"]).to.equal("0");
    const words = await succeed("margin", "1");
    expect(words).to.include("initial margin").and.include(String(value["worstStress"]));
  });

  it("says what margin would be after trades and moves, and finds the cheapest hedge", async () => {
    const now = await desk.assess(1n);
    const same = await json("what-if", "1");
    const before = same["before"] as Readonly<Record<string, number>>;
    const offBy = (name: string, onChainE6: bigint) =>
      Math.abs((before[name] ?? NaN) - Number(onChainE6) / 1e6);
    expect(offBy("initial", now.initialE6) < 0.05).to.equal(true);
    expect(offBy("equity", now.equityE6) < 0.05).to.equal(true);
    const closed = await json("what-if", "1", "--trade", `${instrument}:10`);
    expect(closed["after"]).to.include({ initial: 0 });
    const hit = ["what-if", "1", "--spot", "ETH:20", "--vol", "ETH:30", "--days", "1"];
    const moved = await json(...hit);
    const after = moved["after"] as Readonly<Record<string, number>>;
    expect((after["initial"] ?? NaN) > (before["initial"] ?? NaN)).to.equal(true);
    const hedged = await json(...hit, "--hedge", "--target", "30");
    const hedge = hedged["hedge"] as Json;
    expect(hedge["found"]).to.equal(true);
    const [bought] = hedge["trades"] as readonly Json[];
    expect(bought?.["instrument"]).to.equal(instrument);
    const restored = hedge["margin"] as Readonly<Record<string, number>>;
    expect((restored["equity"] ?? NaN) >= 30 * (restored["initial"] ?? NaN) - 0.01).to.equal(true);
    expect(await succeed(...hit, "--hedge")).to.include("No hedge is needed");
    expect((await fail("what-if", "1", "--spot", "DOGE:1")).err).to.include("name one of BTC, ETH");
  });

  it("refuses a withdrawal below initial margin with the contract's own words and what to do", async () => {
    const { err } = await fail("withdraw", "1", "101000", ...SELLER);
    expect(err).to.match(/InsufficientBalance|BelowInitialMargin/);
    const asJson = await fail("--json", "withdraw", "2", "100000", ...SELLER);
    const { error } = JSON.parse(asJson.err) as { error: Json };
    expect(error["code"]).to.equal("chain-refusal");
    expect(String(error["message"])).to.include("NotAuthorised(2, ");
    expect(String(error["advice"])).to.include("owner");
  });

  it("calls, liquidates and releases accounts", async () => {
    expect(await json("watch", "--once", ...WATCHER)).to.deep.equal({ flagged: [], released: [] });
    await desk.report({ ethUsd: 3_900n, sigmaE9: 80_000_000n });
    await desk.report({ ethUsd: 5_000n, sigmaE9: 110_000_000n });
    await desk.report({ ethUsd: 6_400n, sigmaE9: 140_000_000n });
    await desk.report({ ethUsd: 8_300n, sigmaE9: 140_000_000n });
    await desk.report({ ethUsd: 10_700n, sigmaE9: 140_000_000n });
    expect(await json("watch", "--once", ...WATCHER)).to.deep.equal({ flagged: ["1"], released: [] });
    const fills = await json(...["liquidate", "--bidder", "2", "--min-discount", "0.5", "--once", ...BUYER]);
    const [fill] = fills["fills"] as readonly Json[];
    expect(fill?.["account"]).to.equal("1");
    const settled = await json("settle", "--once", ...WATCHER);
    expect(settled).to.deep.equal({ fixed: [], settledAccounts: 0 });
  });

  it("shows parameters and proposes another confidence level", async () => {
    const params = await json("params", "show");
    expect((params["margin"] as Json)["varConfidenceBps"]).to.equal("9900");
    const proposal = await json("params", "propose-confidence", "99.5");
    const data = desk.ballast.config.interface.decodeFunctionData(
      "setMarginParams",
      String(proposal["calldata"]),
    );
    expect((data[0] as { varConfidenceBps: bigint }).varConfidenceBps).to.equal(9_950n);
    expect(proposal["transaction"]).to.equal(null);
    const calldata = String(proposal["calldata"]);
    expect(await json("params", "hash", calldata)).to.deep.equal({
      set: "margin",
      hash: proposal["newHash"],
    });
    const { err } = await fail("params", "propose-confidence", "42");
    expect(err).to.include("ParameterOutOfBounds");
    const same = await fail("params", "propose-confidence", "99");
    expect(same.err).to.include("99 % already");
    const voter = desk.signers[1];
    if (voter === undefined) throw new Error("the node has accounts");
    await desk.ballast.token.connect(voter).delegate(voter.address);
    const sent = await json("params", "propose-confidence", "99.5", "--send", "--dev-account", "1");
    expect(await desk.ballast.governor.state(String(sent["proposalId"]))).to.equal(0n);
  });

  it("signs with an encrypted keystore and its password file", async () => {
    const { address, privateKey } = Wallet.createRandom();
    const keystore = await encryptKeystoreJson({ address, privateKey }, "sesame", {
      scrypt: { N: 2, r: 1, p: 1 },
    });
    writeFileSync(inFolder("keystore.json"), keystore);
    writeFileSync(inFolder("password"), "sesame\n", { mode: 0o600 });
    const key = ["--keystore", inFolder("keystore.json"), "--password-file", inFolder("password")];
    const poor = await fail("account", "open", ...key);
    expect(poor.err).to.include("cannot pay for gas");
    await desk.signers[0]?.sendTransaction({ to: address, value: 10n ** 18n });
    expect(await json("account", "open", ...key)).to.include({ owner: address });
    expect(readFileSync(inFolder("deployment.json"), "utf8")).not.to.include(privateKey);
  });

  it("says what to do about a missing key, an unknown account, a bad instrument and a silent node", async () => {
    expect((await fail("account", "open")).err).to.include("--keystore FILE");
    expect((await fail("margin", "99")).err).to.include("account list");
    const bad = await fail(
      ...["order", "sign", "--account", "1", "--instrument", "DOGE", "--buy", "1", "--price", "1"],
      ...["--out", inFolder("x.json"), ...SELLER],
    );
    expect(bad.err).to.include("BTC-27MAR26-90000-C");
    expect((await fail("--rpc-url", "http://127.0.0.1:1", "oracle", "status")).err).to.include(
      "start the node",
    );
    expect((await fail("deposit", "1", "5", "--token", "DOGE", ...SELLER)).err).to.include(
      "choose one of USDC",
    );
  });
});
