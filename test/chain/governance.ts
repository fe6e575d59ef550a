import { expect } from "chai";
import { id } from "ethers";
import { loadParameters } from "../../deploy/parameter-file.ts";
import { ETH, openDesk, UNIT_E8, USD } from "../support/ballast-desk.ts";

const DAY_SECONDS = 86_400;
const FOR = 1;
const HIGH_SIGMA_E9 = 110_000_000n;
const OLD_CONFIDENCE_BPS = 9_900;
const NEW_CONFIDENCE_BPS = 9_950;
const QUEUED = 5n;
const EXECUTED = 7n;

describe("governance", () => {
  it("votes the confidence level from 99 % to 99.5 % and margins rise", async () => {
    const desk = await openDesk();
    const { ballast, signers } = desk;
    const voter = signers[1];
    if (voter === undefined) throw new Error("no voter");
    const strike = await desk.list(ETH, "call", 3_000n);
    const seller = await desk.openAccount(100_000n * USD);
    const buyer = await desk.openAccount(100_000n * USD);
    await desk.trade(buyer, seller, strike, 10n * UNIT_E8, 180n * UNIT_E8);

    const { config, governor, token, timelock } = ballast;
    const { margin } = await loadParameters("local");
    expect(Number((await config.marginParams()).varConfidenceBps)).to.equal(OLD_CONFIDENCE_BPS);
    await token.connect(voter).delegate(voter.address);
    await desk.wait(1);
    const data = config.interface.encodeFunctionData("setMarginParams", [
      { ...margin, varConfidenceBps: NEW_CONFIDENCE_BPS },
      await config.marginParamsHash(),
    ]);
    const proposal = [[await config.getAddress()], [0n], [data]] as const;
    const description = "Raise the confidence of value at risk to 99.5 %";
    const descriptionHash = id(description);

    await governor.connect(voter).propose([...proposal[0]], [...proposal[1]], [...proposal[2]], description);
    const proposalId = await governor.hashProposal(
      [...proposal[0]],
      [...proposal[1]],
      [...proposal[2]],
      descriptionHash,
    );
    await desk.wait(DAY_SECONDS + 1);
    await governor.connect(voter).castVote(proposalId, FOR);
    await desk.wait(5 * DAY_SECONDS);
    await governor.queue([...proposal[0]], [...proposal[1]], [...proposal[2]], descriptionHash);
    expect(await governor.state(proposalId)).to.equal(QUEUED);
    await expect(
      governor.execute([...proposal[0]], [...proposal[1]], [...proposal[2]], descriptionHash),
    ).to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState");
    await desk.wait(Number(await timelock.getMinDelay()));

    // So much volatility that the tail decides, not the stress list.
    await desk.report({ sigmaE9: HIGH_SIGMA_E9 });
    const before = await desk.assess(seller.account);
    await governor.execute([...proposal[0]], [...proposal[1]], [...proposal[2]], descriptionHash);
    const after = await desk.assess(seller.account);

    expect(await governor.state(proposalId)).to.equal(EXECUTED);
    expect(Number((await config.marginParams()).varConfidenceBps)).to.equal(NEW_CONFIDENCE_BPS);
    expect(after.initialE6 > before.initialE6, "initial margin").to.be.true;
    expect(after.maintenanceE6 > before.maintenanceE6, "maintenance margin").to.be.true;
  });

  it("lets nobody set the rules without a vote", async () => {
    const { ballast, signers } = await openDesk();
    const { liquidation } = await loadParameters("local");
    const hash = await ballast.config.liquidationParamsHash();
    for (const signer of signers.slice(0, 4)) {
      await expect(ballast.config.connect(signer).setLiquidationParams(liquidation, hash))
        .to.be.revertedWithCustomError(ballast.config, "OwnableUnauthorizedAccount")
        .withArgs(signer.address);
    }
  });
});
