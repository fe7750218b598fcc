import { print, stoppableProgram } from './bench-program.ts'
import { keepText } from './kept-result.ts'
import { soakChart } from './soak/soak-chart.ts'
import { soakCommand, soakOptionsOf } from './soak/soak-options.ts'
import { fileText, linesOf } from './soak/soak-report.ts'
import { runSoak } from './soak/soak-run.ts'

await stoppableProgram(soakCommand(), soakOptionsOf, async (options, stop) => {
  const report = await runSoak(options, stop)
  for (const line of linesOf(report)) print(line)
  if (options.into !== undefined) keepText(options.into, fileText(report))
  if (options.svg !== undefined) keepText(options.svg, soakChart(report))
  if (options.json) print(JSON.stringify(report))
  return report.grows ? 'failed' : undefined
})
