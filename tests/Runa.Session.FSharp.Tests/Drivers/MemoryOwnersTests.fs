module internal Runa.Session.Tests.MemoryOwnersTests

let internal nothing = ()
