module internal Runa.Session.Tests.MemoryStoreTests

let internal nothing = ()
