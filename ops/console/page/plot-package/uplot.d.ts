// The build puts the package's own file beside this one.
import uPlot from 'uplot'

export default uPlot
