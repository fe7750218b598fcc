import { type ChartLine, lineChart } from '../charts/line-chart.ts'
import type { ProcessSample } from './process-memory.ts'
import type { SoakReport, SoakSample } from './soak-report.ts'

const mb = 1024 * 1024

/** Memory of each process, latencies, the event loop and the disk, over the whole soak. */
export function soakChart(report: Omit<SoakReport, 'findings' | 'bound'>, from = 'bench/results/soak.json'): string {
  const { samples, machine, commit } = report
  const line = (name: string, valueOf: (sample: SoakSample) => number): ChartLine => ({
    name,
    points: samples.map((sample) => ({ x: sample.atSeconds / 60, y: valueOf(sample) })),
  })
  const names = Object.keys(samples[0]?.processes ?? {})
  const inMb = (name: string, label: string, kind: keyof ProcessSample): ChartLine =>
    line(label, ({ processes }) => (processes[name]?.[kind] ?? 0) / mb)
  return lineChart({
    title: `Soak of ${report.minutes} minutes`,
    about: `${report.rate.toLocaleString('en-US')} calls a second of ${report.users.toLocaleString('en-US')} users who buy and leave, ${report.visitsPerSecond} visits a second by WebSocket`,
    xTitle: `minutes; the first ${Math.round(report.warmupSeconds / 6) / 10} warm up`,
    panels: [
      ...names.map((name) => ({
        title: `memory of ${name}, MB`,
        lines: [
          inMb(name, 'all but files', 'anonymous'),
          inMb(name, 'outside the heap', 'native'),
          inMb(name, 'heap in use', 'heapUsed'),
          inMb(name, 'arrays and buffers', 'external'),
        ],
      })),
      { title: 'latency of calls, ms', lines: [line('p99', ({ p99Ms }) => p99Ms), line('p50', ({ p50Ms }) => p50Ms)] },
      {
        title: 'journal, MB',
        lines: [
          line('on disk, archive included', ({ diskBytes }) => diskBytes / mb),
          line(
            'not in a snapshot yet',
            ({ processes }) => Object.values(processes).reduce((sum, { journalLag }) => sum + journalLag, 0) / mb,
          ),
        ],
      },
    ],
    origin: `${machine['cores']} cores for all and the load, commit ${commit}: ${from}`,
  })
}
