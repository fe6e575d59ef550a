// Joining the keepers, rotating, leaving and being paid, by the command line against a node.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { encryptKeystoreJson, HDNodeWallet, MaxUint256 } from "ethers";
import { loadParameters } from "../../deploy/parameter-file.ts";
import { deploymentRecord } from "../../deploy/deployment-record.ts";
import { createKeys, importKey } from "../../keeper/adapters/keystore/key-folder.ts";
import { writeDeploymentFile } from "../../keeper/cli/deployment-file.ts";
import { openDesk, type Desk } from "../support/ballast-desk.ts";
import { keeperFile } from "../support/keeper-file.ts";
import { serveRpc, type RpcServer } from "../support/rpc-server.ts";
import { runBallast, type BallastRun } from "../support/run-ballast.ts";

const PHRASE = "test test test test test test test test test test test junk";
const FIRST_OPERATOR = 4;
const OPERATORS = [4, 5, 6, 7];
const VOTES_HOLDER = 1;
const STRANGER = "12";
const PASSWORD = "open sesame";
/** Keys of tests protect nothing: opening them may be quick. */
const QUICK = { scryptCost: 2 };
const DAY_SECONDS = 86_400;
const GOVERNANCE_WEI = 10n ** 18n;

type Json = Readonly<Record<string, unknown>>;
const account = (index: number) => HDNodeWallet.fromPhrase(PHRASE, undefined, `m/44'/60'/0'/0/${index}`);

describe("a keeper's membership", function () {
  let desk: Desk;
  let server: RpcServer;
  let folder = "";
  const inFolder = (name: string) => join(folder, name);

  /** A keeper's folder and configuration; its report key is the account's, the rest is new. */
  const prepare = async (name: string, report: number | null): Promise<string> => {
    const keys = inFolder(`${name}-keys`);
    if (report === null) await createKeys(keys, ["report"], PASSWORD, QUICK);
    else await importKey(keys, "report", account(report).privateKey, PASSWORD, QUICK);
    await createKeys(keys, ["transmitter", "network"], PASSWORD, QUICK);
    const file = inFolder(`${name}.json`);
    const key = (kind: string) => join(keys, `${kind}.json`);
    const content = keeperFile({
      name,
      rpcUrls: [server.url],
      keys: {
        report: key("report"),
        transmitter: key("transmitter"),
        network: key("network"),
        passwordFile: "password",
      },
      store: { kind: "sqlite", file: `${name}.sqlite` },
    });
    writeFileSync(file, JSON.stringify(content));
    return file;
  };
  const keeper = (config: string, verb: string, ...args: readonly string[]): Promise<BallastRun> =>
    runBallast(null, ["keeper", verb, "--config", config, ...args]);
  const json = async (config: string, verb: string, ...args: readonly string[]): Promise<Json> => {
    const { code, out, err } = await keeper(config, verb, "--json", ...args);
    expect(code, out + err).to.equal(0);
    return JSON.parse(out) as Json;
  };
  const refused = async (config: string, verb: string, ...args: readonly string[]): Promise<string> => {
    const { code, out, err } = await keeper(config, verb, ...args);
    expect(code, out).to.equal(1);
    return err;
  };
  const as = (index: number | string) => ["--dev-account", index.toString()];
  const endpoint = (index: number) => ["--endpoint", `/dns4/keeper-${index}.example/tcp/9463`];
  const fund = async (index: number) => {
    const { token, staking } = desk.ballast;
    const holder = desk.signers[VOTES_HOLDER];
    if (holder === undefined) throw new Error("the node has accounts");
    await token.connect(holder).transfer(account(index).address, await staking.minStakeUnits());
  };
  const later = (days: number) => desk.connection.networkHelpers.time.increase(days * DAY_SECONDS + 1);
  const configs: string[] = [];

  before(async () => {
    desk = await openDesk();
    server = await serveRpc(desk.connection.provider);
    folder = mkdtempSync(join(tmpdir(), "ballast-"));
    const record = await deploymentRecord(desk.ballast, await loadParameters("local"), server.url);
    writeDeploymentFile(inFolder("deployment.json"), record);
    writeFileSync(inFolder("password"), PASSWORD, { mode: 0o600 });
    for (const index of OPERATORS) configs.push(await prepare(`keeper-${index}`, index));
  });
  after(async () => {
    await server.close();
    rmSync(folder, { recursive: true });
  });

  it("begins with a look that sends nothing, and names what is missing", async () => {
    const [config = ""] = configs;
    expect(await refused(config, "join", ...endpoint(4), ...as(STRANGER))).to.include("holds 0.0");
    expect(await refused(config, "rotate", ...as(FIRST_OPERATOR))).to.include("join first");
    expect(await refused(config, "join", "--endpoint", "keeper.example:9463", ...as(4))).to.include("/dns4/");
    await fund(FIRST_OPERATOR);
    const look = await json(config, "join", ...endpoint(4), ...as(FIRST_OPERATOR));
    expect(look).to.include({ isSent: false, operator: account(4).address });
    expect((look["entry"] as Json)["reportKey"]).to.equal(account(4).address);
    const words = await keeper(config, "join", ...endpoint(4), ...as(FIRST_OPERATOR));
    expect(words.out).to.include("100000.0").and.include("add --send");
    const { entry } = await desk.ballast.staking.member(account(4).address);
    expect(entry.endpoint).to.equal("");
  });

  it("is refused by the contract before anything is sent when governance has not let the operator stand", async () => {
    const config = await prepare("stranger", null);
    await fund(Number(STRANGER));
    const error = await refused(config, "join", ...endpoint(12), ...as(STRANGER));
    expect(error).to.include("NotAllowed").and.include("setCandidate");
  });

  it("begins with the operator's encrypted key: approval of the stake, possession and entry", async () => {
    const [config = ""] = configs;
    const { address, privateKey } = account(FIRST_OPERATOR);
    const keystore = await encryptKeystoreJson({ address, privateKey }, "operator", {
      scrypt: { N: 2, r: 1, p: 1 },
    });
    writeFileSync(inFolder("operator.json"), keystore);
    writeFileSync(inFolder("operator-password"), "operator", { mode: 0o600 });
    const key = ["--keystore", inFolder("operator.json"), "--password-file", inFolder("operator-password")];
    const joined = await json(config, "join", ...endpoint(4), ...key, "--send");
    expect(joined["transactions"]).to.have.length(2);
    const member = await desk.ballast.staking.member(address);
    expect(member.stakeUnits).to.equal(await desk.ballast.staking.minStakeUnits());
    expect(member.entry.endpoint).to.equal("/dns4/keeper-4.example/tcp/9463");
    const shown = await keeper(config, "member", ...key);
    expect(shown.out).to.include("in force").and.include(member.entry.networkKey);
    expect(await refused(config, "join", ...endpoint(4), ...key)).to.include("holds 0.0");
  });

  it("earns for the signatures of a report, counted once: by a credit, or as it is carried; paid as far as there is money", async () => {
    for (const index of OPERATORS.slice(1)) {
      await fund(index);
      await json(configs[index - FIRST_OPERATOR] ?? "", "join", ...endpoint(index), ...as(index), "--send");
    }
    const { ballast, signers } = desk;
    // Reports of the desk bear the signatures of the keepers with the lowest addresses.
    const [signer = 0] = OPERATORS.toSorted((x, y) =>
      account(x).address.toLowerCase() < account(y).address.toLowerCase() ? -1 : 1,
    );
    const config = configs[signer - FIRST_OPERATOR] ?? "";
    const balance = () => ballast.token.balanceOf(account(signer).address);
    const reward = await ballast.rewards.unitsPerSignature();
    const direct = await desk.signReport();
    await ballast.oracle.submit(direct.report, direct.signatures);
    const due = await json(config, "rewards", ...as(STRANGER));
    expect([due["isCreditDue"], due["heldUnits"], due["isSent"]]).to.deep.equal([true, "0", false]);
    const before = await balance();
    const unpaid = await json(config, "rewards", ...as(STRANGER), "--send");
    expect(unpaid["transactions"]).to.have.length(2);
    expect(await balance()).to.equal(before);
    await ballast.token
      .connect(signers[VOTES_HOLDER])
      .transfer(await ballast.rewards.getAddress(), 10n * reward);
    const paid = await json(config, "rewards", ...as(STRANGER), "--send");
    expect([paid["isCreditDue"], paid["owedUnits"]]).to.deep.equal([false, reward.toString()]);
    expect(await balance()).to.equal(before + reward);
    const carried = await desk.signReport();
    await ballast.rewards.submit(carried.report, carried.signatures, MaxUint256);
    const after = await json(config, "rewards", ...as(STRANGER));
    expect([after["isCreditDue"], after["owedUnits"]]).to.deep.equal([false, reward.toString()]);
  });

  it("comes into force by activation once enough may be chosen, under the digest that was shown before", async () => {
    const [config = ""] = configs;
    expect(await refused(config, "activate", ...as(STRANGER))).to.include("NotEnoughKeepers");
    await later(2);
    const coming = await json(config, "activate", ...as(STRANGER));
    expect(coming["isSent"]).to.equal(false);
    await json(config, "activate", ...as(STRANGER), "--send");
    expect(await desk.ballast.keepers.configDigest()).to.equal(coming["digest"]);
    expect((await desk.ballast.keepers.entries())[0]?.endpoint).to.match(/^\/dns4\//);
    expect(await refused(config, "activate", ...as(STRANGER))).to.include("NothingToActivate");
  });

  it("changes to new keys after the delay", async () => {
    expect(await refused(configs[0] ?? "", "rotate", ...as(FIRST_OPERATOR))).to.include("make new keys");
    const config = await prepare("keeper-4b", null);
    const asked = await json(config, "rotate", ...as(FIRST_OPERATOR), "--send");
    const { reportKey } = asked["entry"] as { reportKey: string };
    expect(reportKey).not.to.equal(account(4).address);
    const pendingFrom = Number(asked["pendingFrom"]);
    const at = ["--at", new Date((pendingFrom + 60) * 1_000).toISOString()];
    const foreseen = await json(config, "activate", ...at, ...as(STRANGER));
    await later(1);
    const coming = await json(config, "activate", ...as(STRANGER), "--send");
    expect(coming["digest"]).to.equal(foreseen["digest"]);
    expect([coming["joining"], coming["leaving"]]).to.deep.equal([[reportKey], [account(4).address]]);
    expect(await desk.ballast.keepers.configDigest()).to.equal(coming["digest"]);
    expect(await desk.ballast.keepers.isKeeper(reportKey)).to.equal(true);
  });

  it("ends by leaving, and the stake comes back when it is bound no more", async () => {
    const config = configs[3] ?? "";
    expect(await refused(config, "withdraw", ...as(7)))
      .to.include("NotLeaving")
      .and.include("keeper leave");
    await json(config, "leave", ...as(7), "--send");
    expect(await refused(config, "leave", ...as(7))).to.include("AlreadyLeaving");
    await later(2);
    expect(await refused(config, "withdraw", ...as(7)))
      .to.include("StillBound")
      .and.include("keeper activate");
    const { timelock, staking } = desk.ballast;
    const { networkHelpers, ethers } = desk.connection;
    const governance = await timelock.getAddress();
    await networkHelpers.impersonateAccount(governance);
    await networkHelpers.setBalance(governance, GOVERNANCE_WEI);
    await staking
      .connect(await ethers.getSigner(governance))
      .setCandidate(account(Number(STRANGER)).address, true);
    await json(inFolder("stranger.json"), "join", ...endpoint(12), ...as(STRANGER), "--send");
    await later(2);
    await json(config, "activate", ...as(STRANGER), "--send");
    await later(22);
    const before = await desk.ballast.token.balanceOf(account(7).address);
    await json(config, "withdraw", ...as(7), "--send");
    const back = (await desk.ballast.token.balanceOf(account(7).address)) - before;
    expect(back).to.equal(await staking.minStakeUnits());
    expect(await refused(config, "withdraw", ...as(7))).to.include("no member");
  });
});
