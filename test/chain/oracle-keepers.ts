import { expect } from "chai";
import {
  AbiCoder,
  computeAddress,
  hexlify,
  id,
  keccak256,
  MaxUint256,
  Signature,
  SigningKey,
  toBeHex,
  ZeroAddress,
  ZeroHash,
  type HDNodeWallet,
} from "ethers";
import { recover } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import { keeperEntries, payeeOf } from "../support/keeper-entries.ts";
import { deployOracle, type OracleFixture } from "../support/oracle-fixture.ts";
import { signHash, testKeepers } from "../support/risk-reports.ts";

const MESSAGE = `0x${"a1".repeat(32)}`;
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const FLIPPED_V: Readonly<Record<number, number>> = { 27: 28, 28: 27 };

const OVERLAP_SECONDS = 3_600n;
const ENTRIES_ABI = "tuple(address reportKey, bytes32 networkKey, address payee, string endpoint)[]";
const addressesOf = (count: number): string[] => testKeepers(count).map(({ address }) => address);

describe("KeeperRegistry", () => {
  let fixture: OracleFixture;
  let digest: string;

  const check = (signers: readonly HDNodeWallet[], hash = MESSAGE) =>
    fixture.registry.requireQuorum(digest, hash, signHash(signers, MESSAGE));
  const pick = (...indexes: readonly number[]): HDNodeWallet[] =>
    indexes.flatMap((i) => fixture.keepers[i] ?? []);
  const addressOf = (i: number): string => fixture.keepers[i]?.address ?? "";
  const configure = (entries: ReturnType<typeof keeperEntries>, faults: number) =>
    fixture.registry.configure(entries, faults);
  const expectRefused = (call: Promise<unknown>, error: string, args: readonly unknown[]) =>
    expect(call)
      .to.be.revertedWithCustomError(fixture.registry, error)
      .withArgs(...args);

  beforeEach(async () => {
    fixture = await deployOracle();
    digest = await fixture.registry.configDigest();
  });

  it("names its configuration by chain, contract, count, entries, faults and parameters", async () => {
    const addresses = fixture.keepers.map(({ address }) => address);
    const coder = AbiCoder.defaultAbiCoder();
    const entriesHash = keccak256(coder.encode([ENTRIES_ABI], [keeperEntries(addresses)]));
    const encoded = coder.encode(
      ["uint256", "address", "uint64", "bytes32", "uint8", "bytes32"],
      [fixture.chainId, await fixture.registry.getAddress(), 1, entriesHash, 1, ZeroHash],
    );
    expect(digest).to.equal(keccak256(encoded));
    expect([...(await fixture.registry.keepers())]).to.deep.equal(addresses);
    const entries = (await fixture.registry.entries()).map(({ reportKey, networkKey, payee, endpoint }) => ({
      reportKey,
      networkKey,
      payee,
      endpoint,
    }));
    expect(entries).to.deep.equal(keeperEntries(addresses));
    expect(await fixture.registry.faults()).to.equal(1n);
    expect(await fixture.registry.quorum()).to.equal(3n);
    expect(await fixture.registry.isKeeper(addressOf(3))).to.equal(true);
    expect(await fixture.registry.isKeeper(fixture.owner.address)).to.equal(false);
  });

  it("accepts every rising choice of three of the four keepers", async () => {
    for (const choice of [
      [0, 1, 2],
      [0, 1, 3],
      [0, 2, 3],
      [1, 2, 3],
    ])
      await check(pick(...choice));
  });

  it("wants exactly a quorum of distinct signers in rising order", async () => {
    await expectRefused(check(pick(0, 1)), "WrongSignatureCount", [2n, 3n]);
    await expectRefused(check(pick(0, 1, 2, 3)), "WrongSignatureCount", [4n, 3n]);
    await expectRefused(check(pick(0, 1, 1)), "DuplicateOrUnorderedSigner", [addressOf(1), addressOf(1)]);
    await expectRefused(check(pick(0, 2, 1)), "DuplicateOrUnorderedSigner", [addressOf(2), addressOf(1)]);
  });

  it("refuses a stranger's signature, alone or beside keepers", async () => {
    const strangers = testKeepers(40).filter(
      ({ address }) => !fixture.keepers.some((k) => k.address === address),
    );
    const stranger = strangers[0];
    if (stranger === undefined) throw new Error("No stranger.");
    const signers = [...pick(0, 1, 2).slice(0, 2), stranger].sort((x, y) =>
      BigInt(x.address) < BigInt(y.address) ? -1 : 1,
    );
    await expectRefused(check(signers), "UnknownSigner", [stranger.address]);
  });

  it("refuses malformed, malleable and zero signatures, as keepers do", async () => {
    const good = signHash(pick(0, 1, 2), MESSAGE);
    const parsed = Signature.from(good[1] ?? "");
    expect(recover(MESSAGE, asHex(good[1] ?? ""))).to.equal(pick(1)[0]?.address);
    const malleable = `${parsed.r}${toBeHex(CURVE_ORDER - BigInt(parsed.s), 32).slice(2)}${toBeHex(FLIPPED_V[parsed.v] ?? 0, 1).slice(2)}`;
    const withByte = (last: string) => `${(good[1] ?? "").slice(0, -2)}${last}`;
    const forms = ["00", "01", "25", "26"].map(withByte);
    const cut = withByte("");
    for (const bad of [
      malleable,
      "0x",
      hexlify(new Uint8Array(65)),
      cut,
      parsed.compactSerialized,
      ...forms,
    ]) {
      expect(recover(MESSAGE, asHex(bad)), "keepers take no other form than the contract").to.equal(null);
      const signatures = good.map((signature, i) => (i === 1 ? bad : signature));
      await expectRefused(fixture.registry.requireQuorum(digest, MESSAGE, signatures), "BadSignature", [1n]);
    }
  });

  it("counts a replaced configuration to the last second of the overlap and no longer", async () => {
    await expect(configure(keeperEntries(addressesOf(7)), 2)).to.emit(fixture.registry, "KeepersSet");
    const { time } = fixture.networkHelpers;
    const replacedAt = await time.latest();
    const [overlappingDigest, until] = await fixture.registry.overlapping();
    expect([overlappingDigest, until]).to.deep.equal([digest, BigInt(replacedAt) + OVERLAP_SECONDS]);
    expect(await fixture.registry.quorum()).to.equal(5n);
    await check(pick(0, 1, 2));
    await time.increaseTo(until);
    await check(pick(0, 1, 2));
    await time.increaseTo(until + 1n);
    const current = await fixture.registry.configDigest();
    await expectRefused(check(pick(0, 1, 2)), "WrongConfigDigest", [digest, current]);
  });

  it("replaces nothing while two configurations count, and the same keys again are a new one", async () => {
    const entries = keeperEntries(addressesOf(4));
    await configure(entries, 1);
    expect(await fixture.registry.configDigest()).not.to.equal(digest);
    const [, until] = await fixture.registry.overlapping();
    const { time } = fixture.networkHelpers;
    await time.setNextBlockTimestamp(until);
    await expectRefused(configure(entries, 1), "OverlapNotOver", [until, until]);
    await time.setNextBlockTimestamp(until + 1n);
    await configure(entries, 1);
    expect(await fixture.registry.configCount()).to.equal(3n);
    // The first configuration is past for good.
    await expectRefused(check(pick(0, 1, 2)), "WrongConfigDigest", [
      digest,
      await fixture.registry.configDigest(),
    ]);
  });

  it("knows until when each key counts, and its payee", async () => {
    const key = addressOf(0);
    expect(await fixture.registry.countsUntil(key)).to.equal(MaxUint256);
    expect(await fixture.registry.countsUntil(fixture.owner.address)).to.equal(0n);
    const others = keeperEntries(
      addressesOf(8)
        .filter((address) => address !== key)
        .slice(0, 4),
    );
    await configure(others, 1);
    const [, until] = await fixture.registry.overlapping();
    expect(await fixture.registry.countsUntil(key)).to.equal(until);
    expect(await fixture.registry.countsUntil(others[0]?.reportKey ?? "")).to.equal(MaxUint256);
    expect(await fixture.registry.payeeOf(key)).to.equal(payeeOf(key));
    expect(await fixture.registry.payeeOf(fixture.owner.address)).to.equal(ZeroAddress);
  });

  it("gives agreed parameters a configuration of their own", async () => {
    const parametersHash = id("parameters");
    await fixture.registry.setParametersHash(parametersHash);
    expect(await fixture.registry.parametersHash()).to.equal(parametersHash);
    expect(await fixture.registry.configDigest()).not.to.equal(digest);
    expect([...(await fixture.registry.keepers())]).to.deep.equal(addressesOf(4));
  });

  it("names the keeper of any configuration that signed", async () => {
    const [keeper] = pick(2);
    const [signature] = signHash(pick(2), MESSAGE);
    if (keeper === undefined || signature === undefined) throw new Error("No keeper.");
    await configure(keeperEntries(addressesOf(7)), 2);
    await fixture.networkHelpers.time.increase(OVERLAP_SECONDS + 1n);
    await configure(keeperEntries(addressesOf(4)), 1);
    expect(await fixture.registry.keeperSigner(digest, MESSAGE, signature)).to.equal(keeper.address);
    const unknown = id("no configuration");
    await expectRefused(fixture.registry.keeperSigner(unknown, MESSAGE, signature), "UnknownConfigDigest", [
      unknown,
    ]);
    await expectRefused(fixture.registry.keeperSigner(digest, MESSAGE, "0x"), "BadSignature", [0n]);
    const other = SigningKey.recoverPublicKey(id("another message"), signature);
    await expectRefused(
      fixture.registry.keeperSigner(digest, id("another message"), signature),
      "UnknownSigner",
      [computeAddress(other)],
    );
  });

  it("takes only 3 f + 1 rising keepers, none of them zero, with f from 1 to 10", async () => {
    const [a, b, c, d] = addressesOf(4) as [string, string, string, string];
    const set = (keepers: readonly string[], faults: number) => configure(keeperEntries(keepers), faults);
    await expectRefused(set([a, b, c], 1), "WrongKeeperCount", [3n, 4n]);
    await expectRefused(set([ZeroAddress, b, c, d], 1), "ZeroKeeper", [0n]);
    await expectRefused(set([a, c, b, d], 1), "KeepersNotAscending", [c, b]);
    await expectRefused(set([a], 0), "FaultsOutOfBounds", [0n, 1n, 10n]);
    await expectRefused(set([a], 11), "FaultsOutOfBounds", [11n, 1n, 10n]);
  });

  it("takes only whole entries that share nothing", async () => {
    const changed = (index: number, change: object) =>
      configure(
        keeperEntries(addressesOf(4)).map((entry, i) => (i === index ? { ...entry, ...change } : entry)),
        1,
      );
    const [first] = keeperEntries(addressesOf(4));
    await expectRefused(changed(0, { reportKey: ZeroAddress }), "ZeroKeeper", [0n]);
    await expectRefused(changed(1, { reportKey: addressOf(0) }), "KeepersNotAscending", [
      addressOf(0),
      addressOf(0),
    ]);
    await expectRefused(changed(1, { networkKey: ZeroHash }), "ZeroNetworkKey", [1n]);
    await expectRefused(changed(2, { payee: ZeroAddress }), "ZeroPayee", [2n]);
    await expectRefused(changed(3, { endpoint: "" }), "EndpointLengthOutOfBounds", [3n, 0n, 1n, 256n]);
    await expectRefused(changed(3, { endpoint: "/".repeat(257) }), "EndpointLengthOutOfBounds", [
      3n,
      257n,
      1n,
      256n,
    ]);
    await expectRefused(changed(2, { networkKey: first?.networkKey }), "DuplicateNetworkKey", [0n, 2n]);
    await expectRefused(changed(3, { endpoint: first?.endpoint }), "DuplicateEndpoint", [0n, 3n]);
  });

  it("lets only the configurer set keepers and only the administrator set parameters", async () => {
    const [, other] = await fixture.ethers.getSigners();
    if (other === undefined) throw new Error("The test chain has one account.");
    const stranger = fixture.registry.connect(other);
    await expectRefused(
      stranger.configure(keeperEntries(addressesOf(4)), 1),
      "AccessControlUnauthorizedAccount",
      [other.address, id("CONFIGURER_ROLE")],
    );
    await expectRefused(stranger.setParametersHash(ZeroHash), "AccessControlUnauthorizedAccount", [
      other.address,
      ZeroHash,
    ]);
  });

  it("overlaps for a minute to a day", async () => {
    const entries = keeperEntries(addressesOf(4));
    for (const overlap of [59n, 86_401n]) {
      await expectRefused(
        fixture.ethers.deployContract("KeeperRegistry", [
          fixture.owner.address,
          entries,
          1,
          ZeroHash,
          overlap,
        ]),
        "OverlapOutOfBounds",
        [overlap, 60n, 86_400n],
      );
    }
  });
});
