import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectFolder } from '../deploy/compose-file.ts'

export const prometheusFolder = join(projectFolder, 'ops/deploy/prometheus')
export const ruleFiles = ['rules.yml', 'alerts.yml'] as const

export interface Alert {
  readonly name: string
  readonly expr: string
  readonly for: string
}

export function ruleText(file: (typeof ruleFiles)[number]): string {
  return readFileSync(join(prometheusFolder, file), 'utf8')
}

/** The alerts as the file has them. */
export function alertsOf(text: string): readonly Alert[] {
  const shape = / {6}- alert: (\w+)\n {8}expr: '(.*)'\n {8}for: (\w+)\n/g
  return [...text.matchAll(shape)].map(([, name = '', expr = '', held = '']) => ({ name, expr, for: held }))
}

/** Expressions under the names that are recorded of them. */
export function recordsOf(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/- record: (\S+)\n {8}expr: '(.*)'\n/g)].map(([, name = '', expr = '']) => [name, expr]))
}

/** What an alert compares: its expression without the comparison at its end. */
export function measuredBy({ expr }: Alert): string {
  const [, measured] = /^(.*) (?:==|!=|[<>]=?) .*?$/.exec(expr) ?? []
  if (measured === undefined) throw new Error(`an alert without a comparison: ${expr}`)
  return measured
}

/** The same rules for a test that cannot wait: alerts fire after a second, and windows are seconds long. */
export function hurried(text: string): string {
  return text.replace(/^( +for: )\w+$/gm, '$11s').replace(/\[\d+[smh]\]/g, '[15s]')
}
