module internal Runa.Session.Tests.InterleavingTests

let internal nothing = ()
