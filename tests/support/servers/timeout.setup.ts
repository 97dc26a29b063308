/** Tests that start processes need a long time limit on a busy machine. */
jest.setTimeout(30_000);
