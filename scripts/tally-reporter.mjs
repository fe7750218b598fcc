/** Ends a test run with one plain line: `tests: 812 passed, 0 failed, 3 skipped`. A file that did not load counts as a failure. */
export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 }
    for (const one of modules) {
      if (one.errors().length > 0) tally.failed++
      for (const test of one.children.allTests()) tally[test.result().state]++
    }
    console.log(`tests: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped + tally.pending} skipped`)
  }
}
