// Loaded before a process (`node --import`): its connections to a port of this machine go to another one, by the pairs that it is told:
// `redirected-dials.ts?29463=31001&29464=31002`.
import { syncBuiltinESMExports } from "node:module";
import net, { type NetConnectOpts, type Socket } from "node:net";
import { toldTo } from "../../scripts/network/preload.ts";

const doors = new Map([...toldTo(import.meta.url)].map(([port, door]) => [Number(port), Number(door)]));
const { connect } = net;

function redirected(target: NetConnectOpts, listener?: () => void): Socket {
  const door = "port" in target ? doors.get(target.port) : undefined;
  return connect(door === undefined ? target : { ...target, port: door }, listener);
}

Object.assign(net, { connect: redirected, createConnection: redirected });
syncBuiltinESMExports();
