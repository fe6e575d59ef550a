// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IInstrumentRegistry} from "../interfaces/IInstrumentRegistry.sol";
import {IRiskOracle} from "../interfaces/IRiskOracle.sol";
import {BPS} from "../types/Constants.sol";
import {InstrumentId, InstrumentKind} from "../types/InstrumentId.sol";
import {MarketWord, SmileWord} from "../types/RiskReport.sol";

/// @title InstrumentRegistry: lists what the oracle quotes
contract InstrumentRegistry is IInstrumentRegistry, AccessControl {
    bytes32 public constant LISTER_ROLE = keccak256("LISTER_ROLE");

    /// Strikes lie between these shares of spot at listing: a twentieth and twenty times.
    uint256 public constant MIN_STRIKE_BPS = BPS / 20;
    uint256 public constant MAX_STRIKE_BPS = BPS * 20;

    IRiskOracle public immutable oracle;

    mapping(InstrumentId => bool) private _listed;

    constructor(address admin, address oracle_) {
        if (admin == address(0) || oracle_ == address(0)) revert ZeroAddress();
        oracle = IRiskOracle(oracle_);
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    /// @inheritdoc IInstrumentRegistry
    function list(InstrumentId[] calldata instruments) external onlyRole(LISTER_ROLE) {
        for (uint256 i = 0; i < instruments.length; ++i) _list(instruments[i]);
    }

    /// @inheritdoc IInstrumentRegistry
    function isListed(InstrumentId instrument) external view returns (bool) {
        return _listed[instrument];
    }

    /// @inheritdoc IInstrumentRegistry
    function requireTradable(InstrumentId instrument) external view {
        if (!_listed[instrument]) revert UnknownInstrument(instrument);
        _requireFuture(instrument.expiry());
    }

    function _list(InstrumentId instrument) private {
        // The low byte of the id is the raw kind; it may hold a number that no InstrumentKind has.
        uint8 kind = uint8(InstrumentId.unwrap(instrument));
        if (kind > uint8(InstrumentKind.Future)) revert UnsupportedKind(kind, uint8(InstrumentKind.Future));
        if (_listed[instrument]) revert AlreadyListed(instrument);
        uint40 expiry = instrument.expiry();
        _requireFuture(expiry);
        uint256 spotE8 = _requireQuoted(instrument.market(), expiry);
        _requireStrike(instrument.strikeE8(), kind == uint8(InstrumentKind.Future), spotE8);
        _listed[instrument] = true;
        emit InstrumentListed(instrument, instrument.market(), expiry, instrument.strikeE8(), kind);
    }

    function _requireFuture(uint256 expiry) private view {
        if (expiry <= block.timestamp) revert ExpiryInPast(expiry, block.timestamp);
    }

    /// @dev Smiles lie on full hours, so an expiry that does not has none.
    function _requireQuoted(uint16 market, uint256 expiry) private view returns (uint256 spotE8) {
        (MarketWord word, SmileWord[] memory smiles) = oracle.marketState(market);
        for (uint256 i = 0; i < smiles.length; ++i) {
            if (smiles[i].expiry() == expiry) return word.spotE8();
        }
        revert ExpiryNotReported(market, expiry);
    }

    function _requireStrike(uint256 strikeE8, bool isFuture, uint256 spotE8) private pure {
        uint256 minE8 = isFuture ? 0 : (spotE8 * MIN_STRIKE_BPS) / BPS;
        uint256 maxE8 = isFuture ? 0 : (spotE8 * MAX_STRIKE_BPS) / BPS;
        bool zeroOption = !isFuture && strikeE8 == 0;
        if (zeroOption || strikeE8 < minE8 || strikeE8 > maxE8)
            revert StrikeOutOfBounds(strikeE8, minE8, maxE8);
    }
}
