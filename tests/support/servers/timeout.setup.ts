/** Tests that start processes wait for a machine that others use too; only one that hangs is to fail by time. */
jest.setTimeout(30_000);
