import { print, stoppableProgram } from './bench-program.ts'
import { floodCommand, floodOptionsOf } from './flood/flood-options.ts'
import { type FloodReport, linesOf, verdictOf } from './flood/flood-report.ts'
import { runFlood } from './flood/flood-run.ts'

await stoppableProgram(floodCommand(), floodOptionsOf, async (options, stop) => {
  const cases: FloodReport['cases'][number][] = []
  for (const one of options.cases) {
    const figures = await runFlood(one, options, stop)
    const report = { ...figures, verdict: verdictOf(figures, options.seconds) }
    cases.push(report)
    for (const line of linesOf({ seconds: options.seconds, cases: [report] })) print(line)
  }
  if (options.json) print(JSON.stringify({ seconds: options.seconds, cases } satisfies FloodReport))
})
