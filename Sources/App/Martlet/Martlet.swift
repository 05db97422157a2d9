// SPDX-License-Identifier: BSD-3-Clause

// All that an application may use, by one `import Martlet`. Its image holds only what it reaches.

@_exported import MartletBlocks
@_exported import MartletConsole
@_exported import MartletFiles
@_exported import MartletNetwork
@_exported import MartletThreads
@_exported import MartletTime
