import { Command } from 'commander'
import { versionOfSluice } from '../version.ts'
import { realClock, realRandom } from '../world.ts'
import { exitCode, reportFault } from './command-fault.ts'
import type { StartNode } from './start-command.ts'
import type { Terminal } from './terminal.ts'

/** Runs the command that `words` say and returns the exit code: 0 done, 1 failed, 2 asked for wrongly. Never throws. */
export async function runProgram(words: readonly string[], terminal: Terminal, startNode: StartNode): Promise<number> {
  const program = new Command('sluice')
  program
    .description('A flash-sale engine.')
    .version(versionOfSluice(), '--version', 'print the version')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'sluice: ')),
      getOutHasColors: () => terminal.colours,
      getErrHasColors: () => terminal.colours,
    })
    .configureHelp({ helpWidth: terminal.columns })
  const named = groups.filter(({ names }) => names.includes(words[0] ?? ''))
  try {
    for (const { load } of named.length === 0 ? groups : named) (await load())(program, terminal, startNode)
    await program.parseAsync([...words], { from: 'user' })
    return exitCode.done
  } catch (error) {
    return reportFault(error, terminal)
  }
}

type AddCommands = (program: Command, terminal: Terminal, startNode: StartNode) => void

interface CommandGroup {
  readonly names: readonly string[]
  readonly load: () => Promise<AddCommands>
}

/** In the order of the help. A call loads the group that it names and nothing of all the others, which together take most of a second. */
const groups: readonly CommandGroup[] = [
  { names: ['start'], load: async () => (await import('./start-command.ts')).addStartCommand },
  { names: ['demo'], load: async () => (await import('./demo-command.ts')).addDemoCommand },
  { names: ['sale'], load: async () => (await import('./sale-commands.ts')).addSaleCommands },
  { names: ['sku'], load: async () => (await import('./sku-commands.ts')).addSkuCommands },
  { names: ['catalogue'], load: async () => (await import('./catalogue-commands.ts')).addCatalogueCommands },
  { names: ['user'], load: async () => (await import('./user-commands.ts')).addUserCommands },
  { names: ['ban'], load: loadBans },
  { names: ['cluster'], load: async () => (await import('./cluster-commands.ts')).addClusterCommands },
  { names: ['audit'], load: async () => (await import('./audit-command.ts')).addAuditCommand },
  { names: ['top'], load: async () => (await import('./top-command.ts')).addTopCommand },
  { names: ['keys'], load: async () => (await import('./keys-commands.ts')).addKeysCommands },
  { names: ['limits'], load: async () => (await import('./limits-command.ts')).addLimitsCommands },
  { names: ['data'], load: loadData },
  { names: ['journal'], load: async () => (await import('./journal-commands.ts')).addJournalCommands },
  { names: ['replay'], load: async () => (await import('./replay-command.ts')).addReplayCommand },
  { names: ['backup', 'restore'], load: async () => (await import('./backup-commands.ts')).addBackupCommands },
  { names: ['orders'], load: async () => (await import('./orders-commands.ts')).addOrdersCommands },
  { names: ['draw'], load: async () => (await import('./draw-commands.ts')).addDrawCommands },
  { names: ['plan'], load: async () => (await import('./plan-command.ts')).addPlanCommand },
  { names: ['rush'], load: async () => (await import('./rush-command.ts')).addRushCommand },
]

async function loadBans(): Promise<AddCommands> {
  const { addBanCommands } = await import('./ban-commands.ts')
  return (program, terminal) => addBanCommands(program, terminal, () => realClock.now())
}

async function loadData(): Promise<AddCommands> {
  const { addDataCommands } = await import('./data-commands.ts')
  return (program, terminal) => addDataCommands(program, terminal, realRandom)
}
