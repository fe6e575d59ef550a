import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openDatabase } from "../../../../keeper/adapters/sqlite/open-database.ts";
import { openSqliteWatchStore } from "../../../../keeper/adapters/sqlite/watch-store.ts";
import { StoreRefused } from "../../../../keeper/ports/store.ts";
import type { Hex } from "../../../../keeper/ports/hex.ts";
import { KEPT_SPOTS } from "../../../../keeper/ports/spot-proofs.ts";
import { KEPT_BLOCKS, KEPT_HEADS } from "../../../../keeper/ports/watch-store.ts";
import { ALICE, BOB, hashOfDigits, signedHeadOf, submittedReport } from "../../../support/watched-chain.ts";

const OWNER = "31337/0x00/0x11";
const hashAt = (number: number) => hashOfDigits(number.toString(16).padStart(8, "0"));

describe("a watchtower's store", () => {
  it("answers with both heads when a key signs a second one for a round", async () => {
    const store = openSqliteWatchStore(":memory:", OWNER);
    const [first, second] = [signedHeadOf(ALICE, "01"), signedHeadOf(ALICE, "02")];
    expect(await store.noteHeads([first, signedHeadOf(BOB, "02"), first])).to.deep.equal([]);
    expect(await store.noteHeads([second, signedHeadOf(ALICE, "02", 2n)])).to.deep.equal([
      { signer: ALICE, first, second },
    ]);
    // Whoever could not keep the proof finds it again.
    expect(await store.noteHeads([second])).to.deep.equal([{ signer: ALICE, first, second }]);
    await store.close();
  });

  it("remembers the newest blocks, and those that replaced others", async () => {
    const store = openSqliteWatchStore(":memory:", OWNER);
    for (let number = 0; number < KEPT_BLOCKS + 5; number++)
      await store.saveBlock({ number: BigInt(number), hash: hashAt(number) });
    const blocks = await store.lastBlocks();
    expect(blocks).to.have.length(KEPT_BLOCKS);
    expect(blocks[0]?.number).to.equal(BigInt(KEPT_BLOCKS + 4));
    await store.saveBlock({ number: 10n, hash: hashAt(999) });
    expect(await store.lastBlocks()).to.deep.equal([
      { number: 10n, hash: hashAt(999) },
      ...[9, 8, 7, 6, 5].map((number) => ({ number: BigInt(number), hash: hashAt(number) })),
    ]);
    await store.close();
  });

  it("forgets the oldest heads when there are too many", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ballast-watch-"));
    const file = join(folder, "watch.sqlite");
    const store = openSqliteWatchStore(file, OWNER);
    await store.noteHeads([signedHeadOf(ALICE, "01")]);
    const database = openDatabase(file);
    database.exec(
      `UPDATE sqlite_sequence SET seq = ${(KEPT_HEADS - 1).toString()} WHERE name = 'signed_head'`,
    );
    database.close();
    await store.noteHeads([signedHeadOf(BOB, "01")]);
    expect(await store.noteHeads([signedHeadOf(ALICE, "02")])).to.have.length(1);
    await store.noteHeads([signedHeadOf(BOB, "01", 2n)]);
    expect(await store.noteHeads([signedHeadOf(ALICE, "03")])).to.deep.equal([]);
    expect(await store.noteHeads([signedHeadOf(BOB, "02")])).to.have.length(1);
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it("forgets the oldest reports that wait for their feeds when there are too many, and keeps one that comes again in its place", async () => {
    const store = openSqliteWatchStore(":memory:", OWNER);
    const { report } = submittedReport();
    const [first, second] = [hashAt(1), hashAt(2)];
    const waiting = (hash: Hex, ...signers: readonly Hex[]) => ({
      hash,
      report,
      signatures: new Map(signers.map((signer) => [signer, signedHeadOf(signer, "01").signature])),
    });
    await store.saveSpots(waiting(first, ALICE));
    await store.saveSpots(waiting(second, ALICE));
    await store.saveSpots(waiting(first, ALICE, BOB));
    expect(await store.openSpots()).to.deep.equal([waiting(first, ALICE, BOB), waiting(second, ALICE)]);
    for (let place = 3; place <= KEPT_SPOTS; place++) await store.saveSpots(waiting(hashAt(place), ALICE));
    expect(await store.openSpots()).to.have.length(KEPT_SPOTS);
    await store.saveSpots(waiting(hashAt(KEPT_SPOTS + 1), ALICE));
    const left = await store.openSpots();
    expect(left).to.have.length(KEPT_SPOTS);
    expect(left[0]?.hash).to.equal(second);
    await store.closeSpots(second);
    expect((await store.openSpots())[0]?.hash).to.equal(hashAt(3));
    await store.close();
  });

  it("refuses the file of another chain or oracle", async () => {
    const folder = mkdtempSync(join(tmpdir(), "ballast-watch-"));
    const file = join(folder, "watch.sqlite");
    await openSqliteWatchStore(file, OWNER).close();
    expect(() => openSqliteWatchStore(file, "1/0x00/0x11")).to.throw(StoreRefused, "belongs to");
    rmSync(folder, { recursive: true });
  });
});
