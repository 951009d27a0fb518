module internal Runa.Session.Tests.CachingTests

let internal nothing = ()
