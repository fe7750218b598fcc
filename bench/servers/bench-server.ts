import { type ServerCommand, ServerProcess } from './server-process.ts'
import { TempFolder } from './temp-folder.ts'

export interface BenchServerPlan {
  /** Of its folder. */
  readonly name: string
  readonly port: number
  /** As its configuration has it. */
  readonly durability: string
  /** How it is run in this folder, which may be prepared for it. */
  readonly commandIn: (folder: string) => ServerCommand | Promise<ServerCommand>
  /** What it writes as it starts: its version (the group of the pattern), and that it is ready. */
  readonly says: { readonly version: RegExp; readonly ready: string }
  /** Once it is ready. */
  readonly setUp: () => Promise<unknown>
}

/** A server of this machine with data of its own, in a folder that is gone afterwards. */
export class BenchServer {
  readonly port: number
  readonly version: string
  readonly durability: string
  private readonly process: ServerProcess
  private readonly folder: TempFolder

  private constructor({ port, durability }: BenchServerPlan, version: string, process: ServerProcess, folder: TempFolder) {
    this.port = port
    this.version = version
    this.durability = durability
    this.process = process
    this.folder = folder
  }

  static async start(plan: BenchServerPlan): Promise<BenchServer> {
    const folder = new TempFolder(plan.name)
    let server: BenchServer | undefined
    try {
      const command = await plan.commandIn(folder.path)
      const { process, ready: version } = await ServerProcess.start(command, versionWhenReady(plan.says))
      server = new BenchServer(plan, version, process, folder)
      await plan.setUp()
      return server
    } catch (error) {
      await (server?.stop() ?? folder.remove())
      throw error
    }
  }

  cpuSeconds(): number {
    return this.process.cpuSeconds()
  }

  async stop(): Promise<void> {
    await this.process.stop()
    await this.folder.remove()
  }
}

function versionWhenReady(says: BenchServerPlan['says']): (line: string) => string | undefined {
  let version = ''
  return (line) => {
    version = says.version.exec(line)?.[1] ?? version
    return line.includes(says.ready) ? version : undefined
  }
}
