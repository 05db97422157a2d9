// SPDX-License-Identifier: BSD-3-Clause

// All that an application may use, by one `import Martlet`. Its image holds only what it reaches.

@_exported import MartletBlocks
@_exported import MartletConsole
@_exported import MartletDatagrams
@_exported import MartletFiles
@_exported import MartletInput
@_exported import MartletLog
@_exported import MartletMemory
@_exported import MartletNames
@_exported import MartletNetwork
@_exported import MartletPort
@_exported import MartletProgram
@_exported import MartletRandom
@_exported import MartletThreads
@_exported import MartletTime
@_exported import MartletTrace
