module internal Runa.Session.Tests.MemoryEvictionTests

let internal nothing = ()
