import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ServerProcess } from '../../bench/servers/server-process.ts'
import { TempFolder } from '../../bench/servers/temp-folder.ts'
import { readPlainYaml } from '../deploy/plain-yaml.ts'
import { freePorts } from '../free-ports.ts'
import { hurried, prometheusFolder, ruleFiles, ruleText } from './rule-files.ts'

export interface Target {
  readonly job: string
  /** Its label `instance`. */
  readonly name: string
  readonly address: string
}

const queryResult = z.object({ status: z.literal('success'), data: z.object({ result: z.array(z.looseObject({})) }) })
const failed = z.object({ status: z.literal('error'), error: z.string() })
const alertList = z.object({
  data: z.object({
    alerts: z.array(
      z.object({
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()),
        state: z.enum(['pending', 'firing']),
      }),
    ),
  }),
})
export type FiringAlert = z.output<typeof alertList>['data']['alerts'][number]
const configuration = z.looseObject({ rule_files: z.array(z.string()) })

/** A real Prometheus that scrapes every second, with the rules of ops/deploy in a hurry: see {@link hurried}. */
export class PrometheusServer {
  private readonly folder: TempFolder
  private readonly process: ServerProcess
  private readonly url: string

  private constructor(folder: TempFolder, process: ServerProcess, url: string) {
    this.folder = folder
    this.process = process
    this.url = url
  }

  static async start(targets: readonly Target[]): Promise<PrometheusServer> {
    const folder = new TempFolder('prometheus')
    const [port = 0] = await freePorts(1)
    for (const file of ruleFiles) writeFileSync(join(folder.path, file), hurried(ruleText(file)))
    const file = join(folder.path, 'prometheus.json')
    writeFileSync(file, JSON.stringify(hurriedConfiguration(targets)))
    const args = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder.path, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=info',
    ]
    try {
      const { process } = await ServerProcess.start(
        { name: 'prometheus', path: 'prometheus', args, install: 'install it, on Debian with: apt-get install prometheus' },
        (line) => (line.includes('Server is ready to receive web requests') ? true : undefined),
      )
      return new PrometheusServer(folder, process, `http://127.0.0.1:${port}`)
    } catch (error) {
      await folder.remove()
      throw error
    }
  }

  /** How many series the expression has now. Throws what Prometheus says of one that is none. */
  async count(expr: string): Promise<number> {
    const response = await fetch(`${this.url}/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`)
    const answer: unknown = await response.json()
    const { data: fault } = failed.safeParse(answer)
    if (fault !== undefined) throw new Error(`${expr}: ${fault.error}`)
    return queryResult.parse(answer).data.result.length
  }

  async firing(): Promise<readonly FiringAlert[]> {
    const answer: unknown = await (await fetch(`${this.url}/api/v1/alerts`)).json()
    return alertList.parse(answer).data.alerts.filter(({ state }) => state === 'firing')
  }

  async stop(): Promise<void> {
    await this.process.stop()
    await this.folder.remove()
  }
}

/** The file that is shipped, with other targets and a shorter interval. */
function hurriedConfiguration(targets: readonly Target[]): object {
  const { rule_files } = configuration.parse(readPlainYaml(readFileSync(join(prometheusFolder, 'prometheus.yml'), 'utf8')))
  const jobs = [...new Set(targets.map(({ job }) => job))]
  return {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files,
    scrape_configs: jobs.map((job) => ({
      job_name: job,
      static_configs: targets
        .filter((target) => target.job === job)
        .map(({ name, address }) => ({ targets: [address], labels: { instance: name } })),
    })),
  }
}
