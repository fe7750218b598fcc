import { defineConfig } from 'vitest/config'

// Tests run on what tsc built: the same files that ship, so a worker thread or a child process started by a test is the real one.
export default defineConfig({
  test: {
    include: ['dist/**/*.test.js'],
    // Only ends what hangs: on a busy machine everything takes many times as long as it should.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // A worker runs one file after another without loading everything anew, which takes longer than most tests do. So no test may leave anything behind in its process.
    isolate: false,
    // Most of them wait most of the time.
    maxWorkers: 3,
    // Tests of whole processes share a small machine with whatever else runs there. Where nobody looks on, one that fails is tried once more; the report says so.
    retry: process.env['CI'] === undefined ? 0 : 1,
    reporters: ['default', './scripts/tally-reporter.mjs'],
  },
})
