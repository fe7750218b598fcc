import { benchProgram, print } from './bench-program.ts'
import { failoverCommand, failoverOptionsOf } from './failover/failover-options.ts'
import { linesOf, reportOf } from './failover/failover-report.ts'
import { measureFailover } from './failover/failover-run.ts'

await benchProgram(failoverCommand(), failoverOptionsOf, async (options) => {
  const report = reportOf(await measureFailover(options, print))
  for (const line of linesOf(report)) print(line)
  if (options.json) print(JSON.stringify(report))
})
