import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { CrowdCommand, CrowdCounts, CrowdReport, CrowdWord } from './crowd-messages.ts'
import { LineClient } from './line-client.ts'

// A process with many people who wait, started by crowd.ts. One without people is a yardstick: its event loop shows how late the machine lets anybody be.

const readBytes = 64 * 1024
const countsEveryMs = 200
const comeEveryMs = 20

const buffer = new Uint8Array(readBytes)
const clients: LineClient[] = []
const whom: number[] = []
const at: number[] = []
const aheads: number[] = []
const ports: number[] = []
const delay = monitorEventLoopDelay({ resolution: 10 })
const run = { first: 0 }
delay.enable()

process.on('message', (command: CrowdCommand) => {
  if (command.kind === 'come') come(command)
  else if (command.kind === 'gateways') ports.splice(0, ports.length, ...command.ports)
  else if (command.kind === 'measure') delay.reset()
  else say({ kind: 'report', ...report() })
})
process.on('disconnect', () => process.exit())
setInterval(() => say({ kind: 'counts', ...counts() }), countsEveryMs)

function come({ first, count, sku, localAddress, connectRate }: Extract<CrowdCommand, { kind: 'come' }>): void {
  run.first = first
  const began = performance.now()
  const timer = setInterval(() => {
    const due = Math.min(count, Math.ceil(((performance.now() - began) * connectRate) / 1000))
    while (clients.length < due) {
      const index = clients.length
      const client = new LineClient({
        ...{ user: `w-${first + index}`, sku, localAddress, json: index % 2 === 0, buffer },
        port: () => ports[(first + index) % ports.length] ?? 0,
        told: (ahead) => {
          whom.push(index)
          at.push(Date.now())
          aheads.push(ahead)
        },
      })
      clients.push(client)
      client.connect()
    }
    if (clients.length === count) clearInterval(timer)
  }, comeEveryMs)
}

function counts(): CrowdCounts {
  let here = 0
  let away = 0
  let returned = 0
  for (const { state, returns } of clients) {
    if (state === 'away') away++
    else if (state !== 'connecting') here++
    if (returns > 0) returned++
  }
  return { here, away, returned }
}

function report(): CrowdReport {
  return {
    first: run.first,
    tickets: Uint32Array.from(clients, ({ ticket }) => ticket),
    returnedAt: Float64Array.from(clients, ({ returnedAt }) => returnedAt),
    returns: clients.reduce((sum, { returns }) => sum + returns, 0),
    here: counts().here,
    whom: Uint32Array.from(whom),
    at: Float64Array.from(at),
    ahead: Uint32Array.from(aheads),
    loopDelayP99Ms: delay.percentile(99) / 1e6,
  }
}

function say(word: CrowdWord): void {
  // Whoever has ended hears nothing any more, and this process ends with the channel.
  process.send?.(word, undefined, undefined, () => {})
}
