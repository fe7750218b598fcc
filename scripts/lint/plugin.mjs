// The project's own lint rules, run by oxlint (see jsPlugins in .oxlintrc.json). What each one may be told to let through stands in that file.
import { assertions } from './assertions.mjs'
import { folderImports } from './folder-imports.mjs'
import { ioPackages } from './io-packages.mjs'
import { moduleState } from './module-state.mjs'
import { worldOnly } from './world-only.mjs'

export default {
  meta: { name: 'sluice' },
  rules: {
    assertions,
    'folder-imports': folderImports,
    'io-packages': ioPackages,
    'module-state': moduleState,
    'world-only': worldOnly,
  },
}
