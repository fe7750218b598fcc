// Writes the table of docs/metrics.md anew from scrapes of every role: npm run build && node scripts/make-metrics-table.mjs
import { readFileSync, writeFileSync } from 'node:fs'
import { scrapeEveryRole } from '../dist/test/observe/every-role.js'
import { metricsTable } from '../dist/test/observe/metrics-table.js'

const path = new URL('../docs/metrics.md', import.meta.url)
const lines = readFileSync(path, 'utf8').split('\n')
const others = lines.filter((line) => !line.startsWith('| `sluice_'))
const from = others.findIndex((line) => line.startsWith('| --- |')) + 1
writeFileSync(path, others.toSpliced(from, 0, ...metricsTable(await scrapeEveryRole())).join('\n'))
