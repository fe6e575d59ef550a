import { expect } from "chai";
import { AbiCoder, hexlify, keccak256, Signature, toBeHex, ZeroAddress, type HDNodeWallet } from "ethers";
import { deployOracle, type OracleFixture } from "../support/oracle-fixture.ts";
import { signHash, testKeepers } from "../support/risk-reports.ts";

const MESSAGE = `0x${"a1".repeat(32)}`;
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const FLIPPED_V: Readonly<Record<number, number>> = { 27: 28, 28: 27 };

describe("KeeperRegistry", () => {
  let fixture: OracleFixture;
  let digest: string;

  const check = (signers: readonly HDNodeWallet[], hash = MESSAGE) =>
    fixture.registry.requireQuorum(digest, hash, signHash(signers, MESSAGE));
  const pick = (...indexes: readonly number[]): HDNodeWallet[] =>
    indexes.flatMap((i) => fixture.keepers[i] ?? []);
  const addressOf = (i: number): string => fixture.keepers[i]?.address ?? "";
  const expectRefused = (call: Promise<unknown>, error: string, args: readonly unknown[]) =>
    expect(call)
      .to.be.revertedWithCustomError(fixture.registry, error)
      .withArgs(...args);

  beforeEach(async () => {
    fixture = await deployOracle();
    digest = await fixture.registry.configDigest();
  });

  it("names its configuration by chain, contract, count, keepers and faults", async () => {
    const addresses = fixture.keepers.map(({ address }) => address);
    const encoded = AbiCoder.defaultAbiCoder().encode(
      ["uint256", "address", "uint64", "address[]", "uint8"],
      [fixture.chainId, await fixture.registry.getAddress(), 1, addresses, 1],
    );
    expect(digest).to.equal(keccak256(encoded));
    expect([...(await fixture.registry.keepers())]).to.deep.equal(addresses);
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

  it("refuses malformed, malleable and zero signatures", async () => {
    const good = signHash(pick(0, 1, 2), MESSAGE);
    const parsed = Signature.from(good[1] ?? "");
    const malleable = `${parsed.r}${toBeHex(CURVE_ORDER - BigInt(parsed.s), 32).slice(2)}${toBeHex(FLIPPED_V[parsed.v] ?? 0, 1).slice(2)}`;
    for (const bad of [malleable, "0x", hexlify(new Uint8Array(65)), (good[1] ?? "").slice(0, -2)]) {
      const signatures = good.map((signature, i) => (i === 1 ? bad : signature));
      await expectRefused(fixture.registry.requireQuorum(digest, MESSAGE, signatures), "BadSignature", [1n]);
    }
  });

  it("refuses the digest of a configuration that has been replaced", async () => {
    const next = testKeepers(7).map(({ address }) => address);
    await expect(fixture.registry.setKeepers(next, 2)).to.emit(fixture.registry, "KeepersSet");
    const current = await fixture.registry.configDigest();
    await expectRefused(check(pick(0, 1, 2)), "WrongConfigDigest", [digest, current]);
    // The same keys again are a new configuration.
    await fixture.registry.setKeepers(
      fixture.keepers.map(({ address }) => address),
      1,
    );
    expect(await fixture.registry.configDigest()).not.to.equal(digest);
  });

  it("takes only 3 f + 1 rising keepers, none of them zero, with f from 1 to 10", async () => {
    const [a, b, c, d] = fixture.keepers.map(({ address }) => address) as [string, string, string, string];
    const set = (keepers: readonly string[], faults: number) =>
      fixture.registry.setKeepers([...keepers], faults);
    await expectRefused(set([a, b, c], 1), "WrongKeeperCount", [3n, 4n]);
    await expectRefused(set([ZeroAddress, b, c, d], 1), "ZeroKeeper", [0n]);
    await expectRefused(set([a, b, b, d], 1), "KeepersNotAscending", [b, b]);
    await expectRefused(set([a, c, b, d], 1), "KeepersNotAscending", [c, b]);
    await expectRefused(set([a], 0), "FaultsOutOfBounds", [0n, 1n, 10n]);
    await expectRefused(set([a], 11), "FaultsOutOfBounds", [11n, 1n, 10n]);
  });

  it("lets only its owner set keepers", async () => {
    const [, other] = await fixture.ethers.getSigners();
    if (other === undefined) throw new Error("The test chain has one account.");
    const keepers = fixture.keepers.map(({ address }) => address);
    await expectRefused(
      fixture.registry.connect(other).setKeepers(keepers, 1),
      "OwnableUnauthorizedAccount",
      [other.address],
    );
  });
});
