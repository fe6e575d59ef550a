// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title CodeBlob: answers a getter straight from contract code
/// @notice The blob (written by solady's SSTORE2: one zero byte, then the data) is the ABI-encoded answer already, so that a getter pays one
/// code read and no decoding.
library CodeBlob {
    /// @notice Ends the call; the blob is its return data.
    function answerWith(address pointer) internal view {
        // Memory from zero on may be overwritten because the call ends here. An SSTORE2 pointer has at least its leading byte, so size >= 0.
        assembly {
            let size := sub(extcodesize(pointer), 1)
            extcodecopy(pointer, 0, 1, size)
            return(0, size)
        }
    }
}
