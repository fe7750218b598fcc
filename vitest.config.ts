import { defineConfig } from 'vitest/config'

// Tests run on what tsc built: the same files that ship, so a worker thread or a child process started by a test is the real one.
export default defineConfig({
  test: {
    include: ['dist/**/*.test.js'],
    exclude: ['dist/test/real/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', './scripts/tally-reporter.mjs'],
  },
})
