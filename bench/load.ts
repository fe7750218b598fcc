import { print, stoppableProgram } from './bench-program.ts'
import { loadCommand, loadOptionsOf } from './load/load-options.ts'
import { linesOf } from './load/load-report.ts'
import { loadPeer } from './load/peer-load.ts'

await stoppableProgram(loadCommand(), loadOptionsOf, async ({ load, json, ...settings }, stop) => {
  const report = await loadPeer(load, settings, stop)
  for (const line of linesOf(report)) print(line)
  if (json) print(JSON.stringify(report))
})
