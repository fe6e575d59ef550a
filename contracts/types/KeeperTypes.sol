// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice One keeper of a configuration.
struct KeeperEntry {
    /// Signs reports; the contracts check it (secp256k1).
    address reportKey;
    /// Signs the keepers' messages and names the peer (Ed25519 public key).
    bytes32 networkKey;
    /// Receives the rewards.
    address payee;
    /// Where the peer answers, as a multiaddr.
    string endpoint;
}

/// @notice The signed head of a report: the fields of its EIP-712 struct. The payload hash stands for everything else.
struct ReportHead {
    bytes32 configDigest;
    uint64 epoch;
    uint32 round;
    uint40 observedAt;
    uint64 blockNumber;
    bytes32 blockHash;
    bytes32 payloadHash;
}

/// @notice How long things take, fixed at deployment.
struct StakeDelays {
    /// From joining until the keeper may be chosen.
    uint32 joinSeconds;
    /// From asking to leave until the keeper is no longer chosen.
    uint32 leaveSeconds;
    /// From asking for new keys or a new endpoint until they may be chosen.
    uint32 rotationSeconds;
    /// From the last moment at which the keeper's key counted until the stake may be withdrawn; longer than every proof's window.
    uint32 unbondingSeconds;
}
