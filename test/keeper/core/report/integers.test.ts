import { expect } from "chai";
import fc from "fast-check";
import { floorSqrt } from "../../../../keeper/core/report/integers.ts";

describe("the integer root", () => {
  it("is the largest whose square is not above the value, next to squares too", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
        fc.integer({ min: 0, max: 256 }),
        (wide, shift) => {
          const base = wide >> BigInt(shift);
          for (const value of [base, base * base, base * base + 1n, base * base + 2n * base]) {
            const root = floorSqrt(value);
            expect(root * root <= value && value < (root + 1n) * (root + 1n)).to.equal(true);
          }
        },
      ),
    );
    for (let small = 0n; small < 100n; small++)
      expect(floorSqrt(small)).to.equal(BigInt(Math.floor(Math.sqrt(Number(small)))));
  });

  it("takes nothing below zero, and nothing above 512 bits", () => {
    expect(floorSqrt(2n ** 512n - 1n)).to.equal(2n ** 256n - 1n);
    expect(() => floorSqrt(-1n)).to.throw("name=value");
    expect(() => floorSqrt(2n ** 512n)).to.throw("name=value");
  });
});
