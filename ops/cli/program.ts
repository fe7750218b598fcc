import { Command } from 'commander'
import { versionOfSluice } from '../version.ts'
import { realClock, realRandom } from '../world.ts'
import { addAuditCommand } from './audit-command.ts'
import { addBackupCommands } from './backup-commands.ts'
import { addBanCommands } from './ban-commands.ts'
import { addCatalogueCommands } from './catalogue-commands.ts'
import { addClusterCommands } from './cluster-commands.ts'
import { exitCode, reportFault } from './command-fault.ts'
import { addDataCommands } from './data-commands.ts'
import { addDemoCommand } from './demo-command.ts'
import { addDrawCommands } from './draw-commands.ts'
import { addJournalCommands } from './journal-commands.ts'
import { addKeysCommands } from './keys-commands.ts'
import { addLimitsCommands } from './limits-command.ts'
import { addOrdersCommands } from './orders-commands.ts'
import { addPlanCommand } from './plan-command.ts'
import { addReplayCommand } from './replay-command.ts'
import { addRushCommand } from './rush-command.ts'
import { addSaleCommands } from './sale-commands.ts'
import { addSkuCommands } from './sku-commands.ts'
import { addStartCommand, type StartNode } from './start-command.ts'
import type { Terminal } from './terminal.ts'
import { addTopCommand } from './top-command.ts'
import { addUserCommands } from './user-commands.ts'

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
  addStartCommand(program, terminal, startNode)
  addDemoCommand(program, terminal)
  addSaleCommands(program, terminal)
  addSkuCommands(program, terminal)
  addCatalogueCommands(program, terminal)
  addUserCommands(program, terminal)
  addBanCommands(program, terminal, () => realClock.now())
  addClusterCommands(program, terminal)
  addAuditCommand(program, terminal)
  addTopCommand(program, terminal)
  addKeysCommands(program, terminal)
  addLimitsCommands(program, terminal)
  addDataCommands(program, terminal, realRandom)
  addJournalCommands(program, terminal)
  addReplayCommand(program, terminal)
  addBackupCommands(program, terminal)
  addOrdersCommands(program, terminal)
  addDrawCommands(program, terminal)
  addPlanCommand(program, terminal)
  addRushCommand(program, terminal)
  try {
    await program.parseAsync([...words], { from: 'user' })
    return exitCode.done
  } catch (error) {
    return reportFault(error, terminal)
  }
}
