/* sequencer.c: being written. */
