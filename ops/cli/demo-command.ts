import type { Command } from 'commander'
import picocolors from 'picocolors'
import { type RunningDemo, startDemo } from '../demo/start-demo.ts'
import { settingsSchema } from '../settings.ts'
import { addSettingOptions, readSettingOptions, runNode } from './start-command.ts'
import type { Terminal } from './terminal.ts'

/** Where the demo differs from a node that is started for a shop: its data are its own, its greeting is not lost between log lines, and it ends at once. */
const demoDefaults = { dataFolder: './.sluice/demo', logLevel: 'warn', drainSeconds: '1' } as const

/** `sluice demo`: all options of `sluice start`. */
export function addDemoCommand(program: Command, terminal: Terminal): void {
  const demo = program
    .command('demo')
    .description(
      'open a shop with a sale that begins in seconds; --host 0.0.0.0 shows it to the phones around (the other ports stay private)',
    )
  addSettingOptions(demo, demoDefaults)
  demo.action(() =>
    runNode(readSettingOptions(demo), demoDefaults, terminal, async (config, world) => {
      const running = await startDemo(config, world)
      terminal.out(greeting(running, terminal, world.clock.now()))
      return running
    }),
  )
}

function greeting({ addresses, sale, opensAt, ports, console }: RunningDemo, terminal: Terminal, now: number): string {
  const { bold, cyan, dim } = picocolors.createColors(terminal.colours)
  const lines = addresses.map(({ url, shared }) => `  ${cyan(bold(url))}${shared ? dim('  from other devices too') : ''}`)
  const seconds = Math.ceil((opensAt - now) / 1000)
  const opening = seconds > 0 ? `opens in ${seconds} seconds` : 'is on'
  return [
    '',
    '  The shop is open for a look at',
    '',
    ...lines,
    '',
    `  Sale ${sale} ${opening}.`,
    `  Bring a crowd from the page, or with: ${cyan(rushWords(ports))}`,
    ...(console === undefined
      ? []
      : [`  Run the sale from the console: ${cyan(console.url)}`, dim(`  which asks for the key of the operators: ${console.key}`)]),
    dim('  Ctrl-C ends it; what was sold stays sold.'),
    '',
    '',
  ].join('\n')
}

function rushWords({ web, rpc }: RunningDemo['ports']): string {
  const usual = settingsSchema.parse({})
  const url = web === usual.webPort ? '' : ` --url ws://127.0.0.1:${web}`
  return `npx sluice rush --users 2000${url}${rpc === usual.rpcPort ? '' : ` --rpc 127.0.0.1:${rpc}`}`
}
