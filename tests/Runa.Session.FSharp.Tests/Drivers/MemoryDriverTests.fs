module internal Runa.Session.Tests.MemoryDriverTests

let internal nothing = ()
