import { z } from "zod";
import { DEFAULT_PARAMETERS } from "./core/protocol/parameters.ts";

const positive = z.number().positive();
const count = z.int().min(1);
const bps = z.int().min(1).transform(BigInt);

/** The protocol's parameters in a keeper's file; what is left out has its default. All keepers of a network need the same. */
export const protocolSchema = z
  .strictObject({
    slotSeconds: count.default(DEFAULT_PARAMETERS.slotSeconds),
    slotsPerEpoch: count.default(DEFAULT_PARAMETERS.slotsPerEpoch),
    progressMs: positive.default(DEFAULT_PARAMETERS.progressMs),
    resendMs: positive.default(DEFAULT_PARAMETERS.resendMs),
    graceMs: positive.default(DEFAULT_PARAMETERS.graceMs),
    maxClockOffsetSeconds: positive.default(DEFAULT_PARAMETERS.maxClockOffsetSeconds),
    stageMs: positive.default(DEFAULT_PARAMETERS.stageMs),
    heartbeatSeconds: positive.default(DEFAULT_PARAMETERS.heartbeatSeconds),
    spotDeviationBps: bps.default(DEFAULT_PARAMETERS.spotDeviationBps),
    forecastDeviationBps: bps.default(DEFAULT_PARAMETERS.forecastDeviationBps),
    transmissionSeconds: positive.default(DEFAULT_PARAMETERS.transmissionSeconds),
  })
  .prefault({});
