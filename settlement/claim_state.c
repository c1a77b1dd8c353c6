/* claim_state.c: being written. */
