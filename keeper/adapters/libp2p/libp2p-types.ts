import type { createLibp2p, Libp2pOptions } from "libp2p";

// The library's own names of these live in a package of types that is not ours to depend on.
export type Libp2pNode = Awaited<ReturnType<typeof createLibp2p>>;
export type Libp2pStream = Awaited<ReturnType<Libp2pNode["dialProtocol"]>>;
export type Libp2pGater = NonNullable<Libp2pOptions["connectionGater"]>;
