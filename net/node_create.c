/* node_create.c: being written. */
