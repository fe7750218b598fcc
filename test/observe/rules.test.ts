import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { alertCases, askedAt, notationOf, stepSeconds } from './alert-cases.ts'
import { promtool } from './promtool.ts'
import { alertsOf, measuredBy, prometheusFolder, ruleFiles, ruleText } from './rule-files.ts'

const alerts = alertsOf(ruleText('alerts.yml'))

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-rules-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('OBS-20 Prometheus takes its configuration and its rules', async () => {
  expect(await promtool(['check', 'config', join(prometheusFolder, 'prometheus.yml')])).toMatchObject({ code: 0 })
  for (const file of ruleFiles) expect(await promtool(['check', 'rules', join(prometheusFolder, file)])).toMatchObject({ code: 0 })
})

test('OBS-21 every alert has a case, and its expression ends with its comparison', () => {
  expect(alerts.map(({ name }) => name).toSorted()).toEqual(Object.keys(alertCases).toSorted())
  expect(ruleText('alerts.yml').match(/- alert:/g)).toHaveLength(alerts.length)
  for (const alert of alerts) expect(measuredBy(alert)).not.toBe('')
})

/** What promtool is to ask: whether the alert fires at that step. */
function question(name: string, step: number, fires: boolean): object {
  const value = fires ? [{ labels: '{}', value: 1 }] : []
  return {
    expr: `group(ALERTS{alertname="${name}",alertstate="firing"})`,
    eval_time: `${step * stepSeconds}s`,
    exp_samples: value,
  }
}

function caseOf(name: string, isWrong = false): object {
  const series = Object.entries(alertCases[name] ?? {}).map(([one, course]) => ({ series: one, values: notationOf(course) }))
  return {
    interval: `${stepSeconds}s`,
    input_series: series,
    promql_expr_test: [question(name, askedAt.well, false), question(name, askedAt.ill, !isWrong), question(name, askedAt.again, false)],
  }
}

async function tried(name: string, isWrong = false): Promise<{ readonly code: number | null; readonly out: string }> {
  const path = join(folder, `${name}${isWrong ? '-wrong' : ''}.json`)
  const tests = [caseOf(name, isWrong)]
  const rules = ruleFiles.map((file) => join(prometheusFolder, file))
  await writeFile(path, JSON.stringify({ rule_files: rules, evaluation_interval: `${stepSeconds}s`, tests }))
  return promtool(['test', 'rules', path])
}

test.each(alerts.map(({ name }) => name))('OBS-22 %s is silent while all is well, fires when it is not, and clears again', async (name) => {
  expect(await tried(name)).toMatchObject({ code: 0 })
})

test('OBS-22 a case that is wrong is found', async () => {
  expect(await tried('SluiceConservation', true)).toMatchObject({ code: 1 })
})
