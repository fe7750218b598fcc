import { benchProgram, print } from './bench-program.ts'
import { lineCommand, lineOptionsOf } from './line/line-options.ts'
import { linesOf } from './line/line-report.ts'
import { measureLine } from './line/line-run.ts'

await benchProgram(lineCommand(), lineOptionsOf, async (options) => {
  const report = await measureLine(options, print)
  for (const line of linesOf(report)) print(line)
  if (options.json) print(JSON.stringify(report))
})
